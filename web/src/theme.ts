// Runs before the first paint, so that a chosen theme never flashes the other one, and nothing pressed before the other scripts have come is lost.

import { holdEarlyActs } from "./common/early.js";
import { storedTheme } from "./common/theme_choice.js";

const theme = storedTheme();
if (theme !== "auto") document.documentElement.dataset["theme"] = theme;
holdEarlyActs();
