// What the two kinds of reports ask for, in words.

export type ReportKind = "bug_report" | "feature_request";

export interface Outline {
  label: string;
  heading: string;
}

export interface ReportWords {
  title: string;
  /** As in "an unfinished …". */
  name: string;
  titleLabel: string;
  titleHint: string;
  descriptionLabel: string;
  descriptionHint: string;
  outline: Outline[];
  severityLabel: string;
  severities: [string, string][];
  send: string;
  thanks: string;
}

export const REPORTS: Record<ReportKind, ReportWords> = {
  bug_report: {
    title: "Report a bug",
    name: "bug report",
    titleLabel: "What is wrong, in one line",
    titleHint: "The export loses the last paragraph",
    descriptionLabel: "What happened",
    descriptionHint: "What you did, what you expected, what happened instead.",
    outline: [
      { label: "Steps", heading: "Steps to see it:\n1. " },
      { label: "Expected", heading: "What I expected:\n" },
      { label: "Instead", heading: "What happened instead:\n" },
    ],
    severityLabel: "How bad is it?",
    severities: [["low", "A blemish"], ["medium", "It slows me down"], ["high", "I cannot do it"], ["critical", "I lost work"]],
    send: "Send report",
    thanks: "Thank you. Your bug report is",
  },
  feature_request: {
    title: "Request a feature",
    name: "feature request",
    titleLabel: "What you wish for, in one line",
    titleHint: "Print a draft without its comments",
    descriptionLabel: "What it is for",
    descriptionHint: "What you want to get done, and how you do it today.",
    outline: [
      { label: "Goal", heading: "What I want to get done:\n" },
      { label: "Today", heading: "How I do it today:\n" },
      { label: "Idea", heading: "How it could work:\n" },
    ],
    severityLabel: "How much does it matter?",
    severities: [["low", "Nice to have"], ["medium", "I would use it often"], ["high", "I cannot work without it"]],
    send: "Send request",
    thanks: "Thank you. Your feature request is",
  },
};

export const AREAS = ["Editor", "Assistant and models", "Versions", "Drafts and search", "Files", "Costs", "Forms", "Goals", "Signing in and settings", "Something else"];

export const isReportKind = (value: string | null | undefined): value is ReportKind => value === "bug_report" || value === "feature_request";
