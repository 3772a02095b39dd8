/** The empty thread: a greeting and a few things to try. */
import { useUi } from "./context.ts";
import { Mark } from "./icons.tsx";

export function Welcome() {
  const { t, chat } = useUi();
  return (
    <div class="welcome">
      <span class="hero">
        <Mark />
      </span>
      <h2>{t.greeting(new Date().getHours())}</h2>
      <p>{t.greetingHint}</p>
      <ul class="suggestions">
        {t.suggestions.map(([label, text]) => (
          <li key={label}>
            <button type="button" onClick={() => text && chat.send(text, [])}>
              <strong>{label}</strong>
              <span>{text}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
