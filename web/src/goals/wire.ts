// What the API tells about goal conversations, and the calls the pages make.

import { api } from "../common/api.js";
import type { FieldsDraft } from "../fields/open.js";

export interface Person {
  id: string;
  name: string;
}
export interface Goal {
  id: string;
  title: string;
  description: string;
  progress: number;
  due_date: string | null;
  status: string;
}
export interface Attachment {
  id: string;
  name: string;
  mime_type: string;
  size: number;
  state: string;
  reason: string | null;
  width: number | null;
  height: number | null;
}
export type MessageType = "daily_note" | "instructor_response" | "activity" | "milestone";
export const TYPE_NAMES: Record<MessageType, string> = { daily_note: "Daily note", instructor_response: "Response", activity: "Activity", milestone: "Milestone" };

export interface Message {
  id: string;
  position: number;
  changed_seq: number;
  sender: Person;
  sender_part: string;
  mine: boolean;
  message_type: MessageType;
  content: string;
  html: string;
  reply_to_id: string | null;
  target_date: string | null;
  created_at: string;
  edited_at: string | null;
  deleted_at: string | null;
  attachments: Attachment[];
  replies: { count: number; latest: Message[] };
}
export interface Receipt {
  person: Person;
  position: number;
  read_at: string;
}
export interface MessageDraft {
  id: string;
  seq: number;
  message_type: MessageType;
  content: string;
  reply_to_id: string | null;
  target_date: string | null;
}
export interface Conversation {
  id: string;
  status: string;
  seq: number;
  goal: Goal | null;
  student: Person;
  instructor: Person | null;
  part: string;
  may_send: MessageType[];
  read_position: number;
  messages: Message[];
  next: string | null;
  receipts: Receipt[];
  drafts: MessageDraft[];
}
export interface Changes {
  items: Message[];
  seq: number;
  more: boolean;
  receipts: Receipt[];
  /** All messages this person writes here, on whatever page. */
  drafts: MessageDraft[];
}
export interface Thread {
  root: Message;
  items: Message[];
  next: string | null;
}
export interface Entry {
  id: string;
  status: string;
  goal: Goal | null;
  student: Person;
  instructor: Person | null;
  part: string;
  unread: number;
  excerpt: string;
  last_by_me: boolean;
  updated_at: string;
}
export interface Template {
  id: string;
  name: string;
  content: string;
}
export interface Page<T> {
  items: T[];
  next: string | null;
}

export const talkPath = (id: string): string => `/api/goals/conversations/${id}`;
export const older = (id: string, before: number, limit: number): Promise<Conversation> => api("GET", `${talkPath(id)}?before=${before}&limit=${limit}`);
export const later = (id: string, after: number, limit: number): Promise<Conversation> => api("GET", `${talkPath(id)}?after=${after}&limit=${limit}`);
export const changes = (id: string, after: number): Promise<Changes> => api("GET", `${talkPath(id)}/changes?after=${after}`);
export const thread = (id: string, after = "0"): Promise<Thread> => api("GET", `/api/messages/${id}/thread?after=${after}&limit=200`);
export const templates = async (): Promise<Template[]> => (await api<Page<Template>>("GET", "/api/reply-templates")).items;

/** The message being written at this place, as a draft whose fields can be opened. */
export async function openDraft(id: string, replyTo: string | null): Promise<FieldsDraft> {
  const draft = await api<MessageDraft>("PUT", `${talkPath(id)}/draft`, { reply_to_id: replyTo });
  return asFields(id, draft);
}

export function asFields(conversation: string, draft: MessageDraft): FieldsDraft {
  const { id, seq, content, message_type, target_date, reply_to_id } = draft;
  const fields = { content, conversation, message_type, target_date, reply_to: reply_to_id };
  return { id, seq, kind: "message", title: "", text: null, status: "open", conflicts: [], fields };
}
