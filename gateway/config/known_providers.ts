/** Model providers that need no `baseUrl`, and those that a key in the environment is enough for. */
import type { ModelApi } from "../../schemas/worker/agent.ts";

export interface KnownProvider {
  readonly baseUrl: string;
  readonly api: ModelApi;
}

/** Defaults by provider id of `models.providers`. */
export const KNOWN_PROVIDERS: Readonly<Record<string, KnownProvider>> = {
  openai: { baseUrl: "https://api.openai.com/v1", api: "openai-completions" },
  anthropic: { baseUrl: "https://api.anthropic.com/v1", api: "anthropic-messages" },
  google: { baseUrl: "https://generativelanguage.googleapis.com/v1beta", api: "google-generative-ai" },
  openrouter: { baseUrl: "https://openrouter.ai/api/v1", api: "openai-completions" },
  ollama: { baseUrl: "http://127.0.0.1:11434/v1", api: "openai-completions" },
  lmstudio: { baseUrl: "http://127.0.0.1:1234/v1", api: "openai-completions" },
};

export interface EnvModel {
  readonly id: string;
  readonly name: string;
}

export interface EnvProvider {
  readonly id: string;
  /** The first that is set counts. */
  readonly variables: readonly string[];
  /** The first is the default. */
  readonly models: readonly EnvModel[];
}

/** In order of preference when several keys are set. Model ids as the pinned AI SDK knows them. */
export const ENV_PROVIDERS: readonly EnvProvider[] = [
  {
    id: "openai",
    variables: ["OPENAI_API_KEY"],
    models: [
      { id: "gpt-5.4", name: "GPT-5.4" },
      { id: "gpt-5.4-mini", name: "GPT-5.4 mini" },
      { id: "gpt-4.1", name: "GPT-4.1" },
    ],
  },
  {
    id: "anthropic",
    variables: ["ANTHROPIC_API_KEY"],
    models: [
      { id: "claude-sonnet-5-5", name: "Claude Sonnet 5.5" },
      { id: "claude-opus-5-5", name: "Claude Opus 5.5" },
      { id: "claude-haiku-5-5", name: "Claude Haiku 5.5" },
    ],
  },
  {
    id: "google",
    variables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    models: [
      { id: "gemini-3.8-flash", name: "Gemini 3.8 Flash" },
      { id: "gemini-2.5-pro", name: "Gemini 2.5 Pro" },
      { id: "gemini-2.5-flash", name: "Gemini 2.5 Flash" },
    ],
  },
];
