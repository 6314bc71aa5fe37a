"""Scripts and signs that take several code points or code units: never cut, never half replaced."""

from tests.benchmarks.edits.case import Becomes, Case, Refused, insert_after, replace_block, replace_text

CODER = "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}"
FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
THUMB = "\N{THUMBS UP SIGN}"
DARK = "\N{EMOJI MODIFIER FITZPATRICK TYPE-6}"
LIGHT = "\N{EMOJI MODIFIER FITZPATRICK TYPE-1-2}"
GERMANY, FRANCE = "🇩🇪", "🇫🇷"
HEART = "\N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16}"
ACUTE = "\N{COMBINING ACUTE ACCENT}"

CASES = (
    Case(
        name="words between emoji",
        request="A fox, not a dog.",
        document="🦊🦊 the dog 🐕 runs 🦊.\n\n🎉 End.\n",
        steps=[replace_text("b1", "the dog 🐕", "the fox 🦊"), replace_text("b2", "End", "The end")],
    ),
    Case(
        name="a joined emoji is replaced whole",
        request="Make it a family.",
        document=f"Our {CODER} works from home.\n",
        steps=[replace_text("b1", CODER, FAMILY)],
    ),
    Case(
        name="a part of a joined emoji is not the words quoted",
        request="Replace the woman.",
        document=f"Our {CODER} works from home.\n",
        steps=[
            replace_text("b1", "\N{WOMAN}", "\N{MAN}", Refused("not_found")),
            replace_text("b1", "\N{PERSONAL COMPUTER}", "\N{TELEVISION}", Refused("not_found")),
        ],
    ),
    Case(
        name="skin tones",
        request="Change the light one.",
        document=f"From {THUMB}{LIGHT} to {THUMB}{DARK}.\n",
        steps=[
            replace_text("b1", f"{THUMB}{LIGHT}", f"{THUMB}{DARK}"),
            replace_text("b1", f"to {THUMB}", "to nothing", Refused("not_found")),
        ],
    ),
    Case(
        name="flags are pairs; what lies across two of them is no flag",
        request="Swap the flags.",
        document=f"{GERMANY}{FRANCE} friends\n",
        steps=[
            replace_text("b1", "🇪🇫", "🇪🇸", Refused("not_found")),
            replace_text("b1", FRANCE, GERMANY),
        ],
    ),
    Case(
        name="a heart without its variation selector is another sign",
        request="Make it blue.",
        document=f"I {HEART} tea.\n",
        steps=[
            replace_text("b1", "\N{HEAVY BLACK HEART}", "\N{BLUE HEART}", Refused("not_found")),
            replace_text("b1", HEART, "\N{BLUE HEART}"),
        ],
    ),
    Case(
        name="a letter without its accent is another letter",
        request="Name the place.",
        document=f"The cafe{ACUTE} opens at nine.\n",
        steps=[
            replace_text("b1", "cafe", "bar", Refused("not_found")),
            replace_text("b1", f"cafe{ACUTE}", "bar"),
        ],
    ),
    Case(
        name="a letter with an accent beside the same without",
        request="Change the plain one.",
        document=f"resume{ACUTE} or resume?\n",
        steps=[replace_text("b1", "resume", "restart", Becomes("resume?", "restart?"))],
    ),
    Case(
        name="a composed accent is not looked for as a decomposed one",
        request="Name the place.",
        document="The caf\N{LATIN SMALL LETTER E WITH ACUTE} opens.\n",
        steps=[replace_text("b1", f"cafe{ACUTE}", "bar", Refused("not_found"))],
    ),
    Case(
        name="Cyrillic letters are not the Latin ones that look like them",
        request="Поправь слово.",
        document="Мама мыла раму. COP или СОР.\n",
        steps=[
            replace_text("b1", "мыла раму", "мыла окно", Becomes("раму", "окно")),
            replace_text("b1", "СОР", "мусор"),
        ],
    ),
    Case(
        name="Arabic, with vowel signs and from right to left",
        request="غيّر الكلمة",
        document="كتب الوَلَدُ الدرس.\n\nثم خرج الولد.\n",
        steps=[
            replace_text("b1", "الدرس", "الرسالة"),
            replace_text("b1", "الوَلَد", "الرجل", Refused("not_found")),
            replace_text("b2", "الولد", "الرجل"),
        ],
    ),
    Case(
        name="Chinese and Japanese, without blanks",
        request="改一下。",
        document="今天天气很好，我们去公园。\n\n明日は雨です。\n",
        steps=[
            replace_text("b1", "天天", "日日", Becomes("今天天气", "今日日气")),
            replace_block("b2", "明日は晴れです。", Becomes("雨", "晴れ")),
        ],
    ),
    Case(
        name="Hindi, where vowel signs belong to letters",
        request="बदलो",
        document="राम किताब पढ़ता है।\n",
        steps=[
            replace_text("b1", "किताब", "कविता"),
            replace_text("b1", "राम क", "श्याम क", Refused("not_found")),
        ],
    ),
    Case(
        name="signs that nobody sees are kept",
        request="One word.",
        document="A so\N{SOFT HYPHEN}ft hyphen and a zero\N{ZERO WIDTH SPACE}width blank.\n",
        steps=[
            replace_text("b1", "blank", "space"),
            replace_text("b1", "soft hyphen", "hyphen", Refused("not_found")),
        ],
    ),
    Case(
        name="letters beyond the basic plane",
        request="Continue.",
        document="𝔘𝔫𝔦𝔠𝔬𝔡𝔢 and 𠮷野家.\n\nNext.\n",
        steps=[
            replace_text("b1", "𠮷野家", "吉野家"),
            insert_after("b1", "𝔐𝔬𝔯𝔢.", Becomes("\n\nNext", "\n\n𝔐𝔬𝔯𝔢.\n\nNext")),
        ],
    ),
)
