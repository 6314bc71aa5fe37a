// Runs before the first paint, so that a chosen theme never flashes the other one, and no form is sent by the browser itself.

import { holdEarlySubmits } from "./common/early_submit.js";
import { storedTheme } from "./common/theme_choice.js";

const theme = storedTheme();
if (theme !== "auto") document.documentElement.dataset["theme"] = theme;
holdEarlySubmits();
