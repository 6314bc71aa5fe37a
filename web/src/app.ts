// Every page but the editor.

import { setUpPage, type ShortcutGroup } from "./common/everywhere.js";
import { openActivity } from "./pages/activity.js";
import { openCosts } from "./pages/costs.js";
import { openDrafts } from "./pages/drafts.js";
import { openReportPage, openSubmission, openSubmissions } from "./pages/reports.js";
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

const ACTIVITY_KEYS: ShortcutGroup = {
  title: "Activity",
  list: [
    { keys: "J", does: "Earlier sitting" },
    { keys: "K", does: "Later sitting" },
    { keys: "←", does: "One change back, on the slider" },
    { keys: "→", does: "One change on, on the slider" },
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
  activity: { shortcuts: [ACTIVITY_KEYS], open: openActivity },
  conversation: { shortcuts: [TALK_KEYS], open: () => void import("./goals/conversation.js").then(({ openConversation }) => openConversation()) },
  goals: { shortcuts: [{ title: "Goals", list: [{ keys: "N", does: "New conversation" }] }], open: () => void import("./goals/list.js").then(({ openGoals }) => openGoals()) },
  costs: { shortcuts: [], open: openCosts },
  drafts: { shortcuts: [LIST_KEYS], open: openDrafts },
  embed: { shortcuts: [], open: () => void import("./pages/embed.js").then(({ openEmbed }) => openEmbed()) },
  "embed-connect": { shortcuts: [], open: () => void import("./pages/embed.js").then(({ openConnect }) => openConnect()) },
  problem: { shortcuts: [], open: () => void import("./pages/problem.js").then((page) => page.openProblem()) },
  report: { shortcuts: [], open: openReportPage },
  settings: { shortcuts: [], open: openSettings },
  submission: { shortcuts: [], open: openSubmission },
  submissions: { shortcuts: [{ title: "Reports", list: [{ keys: "/", does: "Search" }] }], open: openSubmissions },
  versions: { shortcuts: [VERSION_KEYS], open: openVersions },
  "form-start": { shortcuts: [], open: () => void import("./forms/start_page.js").then((page) => page.open()) },
  "form-step": { shortcuts: [], open: () => void import("./forms/step_page.js").then((page) => page.open()) },
  shared: { shortcuts: [], open: () => void import("./forms/shared_page.js").then((page) => page.open()) },
  "sign-in": { shortcuts: [], open: openSignIn },
  welcome: { shortcuts: [], open: openWelcome },
};

const page = PAGES[document.body.dataset["page"] ?? ""];
// In another site's frame there is nothing around the form.
if (!document.body.dataset["page"]?.startsWith("embed")) setUpPage(page?.shortcuts ?? []);
page?.open();
