// Puts files into conversations: below messages, and into composers.

import { mounts } from "../goals/mounts.js";
import { showFiles } from "./shown.js";
import { Tray } from "./tray.js";
import { takeFiles } from "./zone.js";

export function mountAttachments(): void {
  mounts.message = ({ attachments }, place) => showFiles(attachments, place);
  mounts.composer = (place) => {
    const tray = new Tray(place);
    takeFiles(place.drop, (files) => tray.add(files));
    return tray;
  };
}
