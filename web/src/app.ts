// Every page but the editor.

import { setUpPage, type Shortcut } from "./common/everywhere.js";
import { openDrafts } from "./pages/drafts.js";
import { openSettings } from "./pages/settings.js";
import { openSignIn } from "./pages/sign_in.js";
import { openWelcome } from "./pages/welcome.js";

const PAGES: Record<string, { title: string; shortcuts: Shortcut[]; open: () => void }> = {
  drafts: {
    title: "Drafts",
    shortcuts: [
      { keys: "/", does: "Search" },
      { keys: "N", does: "New draft" },
      { keys: "J", does: "Next draft" },
      { keys: "K", does: "Previous draft" },
      { keys: "Enter", does: "Open" },
      { keys: "#", does: "Delete" },
    ],
    open: openDrafts,
  },
  settings: { title: "Settings", shortcuts: [], open: openSettings },
  "sign-in": { title: "Sign in", shortcuts: [], open: openSignIn },
  welcome: { title: "Welcome", shortcuts: [], open: openWelcome },
};

const page = PAGES[document.body.dataset["page"] ?? ""];
setUpPage(page?.title ?? "", page?.shortcuts ?? []);
page?.open();
