// Every page but the editor.

import { setUpPage, type ShortcutGroup } from "./common/everywhere.js";
import { openCosts } from "./pages/costs.js";
import { openDrafts } from "./pages/drafts.js";
import { openSettings } from "./pages/settings.js";
import { openSignIn } from "./pages/sign_in.js";
import { openVersions } from "./pages/versions.js";
import { openWelcome } from "./pages/welcome.js";

interface PageParts {
  shortcuts: ShortcutGroup[];
  open: () => void;
}

const LIST_KEYS: ShortcutGroup = {
  title: "Drafts",
  list: [
    { keys: "/", does: "Search" },
    { keys: "N", does: "New draft" },
    { keys: "J", does: "Next draft" },
    { keys: "K", does: "Previous draft" },
    { keys: "Enter", does: "Open" },
    { keys: "#", does: "Delete" },
  ],
};

const VERSION_KEYS: ShortcutGroup = {
  title: "Versions",
  list: [
    { keys: "J", does: "Older version" },
    { keys: "K", does: "Newer version" },
    { keys: "Enter", does: "Read it, with who wrote what" },
    { keys: "C", does: "Compare with the one before, or with the marked one" },
    { keys: "A", does: "Mark it, to compare another with it" },
    { keys: "N", does: "Name it" },
    { keys: "B", does: "Branch from it" },
    { keys: "M", does: "Merge it into the text" },
    { keys: "R", does: "Restore it" },
  ],
};

const TALK_KEYS: ShortcutGroup = {
  title: "Conversation",
  list: [
    { keys: "Mod-Enter", does: "Send" },
    { keys: "/", does: "Reply templates, at the start of a line" },
    { keys: "J", does: "Next message" },
    { keys: "K", does: "Message before" },
    { keys: "Esc", does: "Close the thread, end the selection" },
  ],
};

const PAGES: Record<string, PageParts> = {
  conversation: { shortcuts: [TALK_KEYS], open: () => void import("./goals/conversation.js").then(({ openConversation }) => openConversation()) },
  goals: { shortcuts: [{ title: "Goals", list: [{ keys: "N", does: "New conversation" }] }], open: () => void import("./goals/list.js").then(({ openGoals }) => openGoals()) },
  costs: { shortcuts: [], open: openCosts },
  drafts: { shortcuts: [LIST_KEYS], open: openDrafts },
  settings: { shortcuts: [], open: openSettings },
  versions: { shortcuts: [VERSION_KEYS], open: openVersions },
  "sign-in": { shortcuts: [], open: openSignIn },
  welcome: { shortcuts: [], open: openWelcome },
};

const page = PAGES[document.body.dataset["page"] ?? ""];
setUpPage(page?.shortcuts ?? []);
page?.open();
