// Runs before the first paint, so that a chosen theme never flashes the other one.

import { storedTheme } from "./common/theme_choice.js";

const theme = storedTheme();
if (theme !== "auto") document.documentElement.dataset["theme"] = theme;
