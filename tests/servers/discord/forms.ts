/** The published limits of Discord's forms, enforced: what the real service refuses is refused here. */
import { invalidForm, refuse } from "./refusal.ts";
import { isRecord } from "./sockets.ts";

export const MAX_FILE = 10 * 1024 * 1024;
type Form = Record<string, unknown>;

const tooLong = (path: string, most: number) =>
  invalidForm(path, "BASE_TYPE_MAX_LENGTH", `Must be ${most} or fewer in length.`);
const required = (path: string) => invalidForm(path, "BASE_TYPE_REQUIRED", "This field is required");
const badType = (path: string) => invalidForm(path, "BASE_TYPE_BAD_TYPE", "Value has a wrong type");

function text(form: Form, path: string, key: string, most: number, least = 0): string {
  const value = form[key];
  if (value === undefined && least === 0) return "";
  if (typeof value !== "string") throw value === undefined ? required(path) : badType(path);
  if (value.length > most) throw tooLong(path, most);
  if (value.length < least) throw required(path);
  return value;
}

/** Throws a Refusal; `files` are the names of the uploaded parts. */
export function checkMessage(form: Form, files: readonly string[], isEdit = false): void {
  text(form, "content", "content", 2000);
  const { nonce, enforce_nonce: enforce, flags, embeds } = form;
  if (nonce !== undefined && ((typeof nonce !== "string" && typeof nonce !== "number") || String(nonce).length > 25)) {
    throw tooLong("nonce", 25);
  }
  if (enforce !== undefined && typeof enforce !== "boolean") throw badType("enforce_nonce");
  if (flags !== undefined && typeof flags !== "number") throw badType("flags");
  checkMentions(form["allowed_mentions"]);
  checkAttachments(form["attachments"], files);
  checkComponents(form["components"]);
  if (form["poll"] !== undefined) checkPoll(form["poll"]);
  const says = String(form["content"] ?? "").trim() !== "" || files.length > 0 || form["poll"] !== undefined ||
    (Array.isArray(embeds) && embeds.length > 0);
  if (!says && !(isEdit && form["content"] === undefined)) throw refuse(400, 50006, "Cannot send an empty message");
}

function checkMentions(value: unknown): void {
  if (value === undefined) return;
  if (!isRecord(value)) throw badType("allowed_mentions");
  const { parse, users, roles } = value;
  if (
    parse !== undefined &&
    (!Array.isArray(parse) || parse.some((kind) => !["users", "roles", "everyone"].includes(kind)))
  ) {
    throw badType("allowed_mentions.parse");
  }
  for (const [key, list] of Object.entries({ users, roles })) {
    if (Array.isArray(list) && Array.isArray(parse) && parse.includes(key) && list.length > 0) {
      throw invalidForm(
        `allowed_mentions`,
        "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        `parse:["${key}"] excludes ${key}`,
      );
    }
  }
}

function checkAttachments(value: unknown, files: readonly string[]): void {
  if (value === undefined) return;
  if (!Array.isArray(value)) throw badType("attachments");
  for (const each of value) {
    if (!isRecord(each)) throw badType("attachments");
    if (!files.includes(`files[${String(each["id"])}]`)) throw invalidForm("attachments", "INVALID", "No such file");
  }
}

function checkComponents(value: unknown): void {
  if (value === undefined) return;
  if (!Array.isArray(value)) throw badType("components");
  if (value.length > 5) throw tooLong("components", 5);
  const ids = new Set<string>();
  for (const row of value) {
    if (!isRecord(row) || row["type"] !== 1 || !Array.isArray(row["components"])) throw badType("components");
    if (row["components"].length < 1 || row["components"].length > 5) throw tooLong("components.0.components", 5);
    for (const button of row["components"]) {
      if (!isRecord(button) || button["type"] !== 2) throw badType("components.0.components");
      text(button, "components.0.components.label", "label", 80, 1);
      const id = text(button, "components.0.components.custom_id", "custom_id", 100, 1);
      if (ids.has(id)) {
        throw invalidForm("components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated");
      }
      ids.add(id);
      if (![1, 2, 3, 4].includes(Number(button["style"]))) throw badType("components.0.components.style");
    }
  }
}

function checkPoll(value: unknown): void {
  if (!isRecord(value) || !isRecord(value["question"])) throw required("poll.question");
  text(value["question"], "poll.question.text", "text", 300, 1);
  const { answers, duration } = value;
  if (!Array.isArray(answers) || answers.length < 1 || answers.length > 10) throw tooLong("poll.answers", 10);
  for (const answer of answers) {
    if (!isRecord(answer) || !isRecord(answer["poll_media"])) throw required("poll.answers.0.poll_media");
    text(answer["poll_media"], "poll.answers.0.poll_media.text", "text", 55, 1);
  }
  if (duration !== undefined && (typeof duration !== "number" || duration < 1 || duration > 768)) {
    throw invalidForm("poll.duration", "NUMBER_TYPE_MAX", "int value should be between 1 and 768.");
  }
}

export function checkCommands(value: unknown): { name: string }[] {
  if (!Array.isArray(value)) throw badType("commands");
  if (value.length > 100) throw tooLong("commands", 100);
  const names = new Set<string>();
  return value.map((each: unknown, index) => {
    if (!isRecord(each)) throw badType(String(index));
    const name = text(each, `${index}.name`, "name", 32, 1);
    if (!/^[-_\p{L}\p{N}]{1,32}$/u.test(name) || name !== name.toLowerCase()) {
      throw invalidForm(`${index}.name`, "STRING_TYPE_REGEX", "String value did not match validation regex.");
    }
    if (names.has(name)) {
      throw invalidForm(`${index}.name`, "APPLICATION_COMMANDS_DUPLICATE_NAME", "Names must be unique");
    }
    names.add(name);
    text(each, `${index}.description`, "description", 100, 1);
    for (const option of Array.isArray(each["options"]) ? each["options"] : []) {
      if (!isRecord(option)) throw badType(`${index}.options`);
      text(option, `${index}.options.name`, "name", 32, 1);
      text(option, `${index}.options.description`, "description", 100, 1);
      if (typeof option["type"] !== "number") throw required(`${index}.options.type`);
    }
    return { name };
  });
}
