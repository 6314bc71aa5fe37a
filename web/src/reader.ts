// What somebody with a link reads: without an account, an offline shell or anything kept on the device.

import { setUpTheme } from "./common/theme_button.js";
import { follow } from "./sharing/reading.js";

setUpTheme();
if (document.body.dataset["page"] === "shared-link") follow(location.pathname.split("/").at(-1) ?? "");
