// The editor page.

import { pageData } from "./common/dom.js";
import { DraftPage, type Draft } from "./editor/draft_page.js";

void new DraftPage(pageData<{ draft: Draft }>().draft).open();
