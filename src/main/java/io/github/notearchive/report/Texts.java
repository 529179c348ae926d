package io.github.notearchive.report;

import io.github.notearchive.archive.query.InvalidFilterException;
import io.github.notearchive.archive.query.RunHistory.RecordedRun;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.report.Health.HealthCause;
import io.github.notearchive.report.Health.Level;
import io.github.notearchive.report.Health.Reason;
import java.text.MessageFormat;
import java.util.Locale;
import java.util.ResourceBundle;

/** Texts of the web pages and reports in English or Chinese. */
public record Texts(Locale locale, ResourceBundle bundle) {

    private static final String FILES = "io.github.notearchive.browse.texts";
    private static final ResourceBundle.Control NO_FALLBACK =
            ResourceBundle.Control.getNoFallbackControl(ResourceBundle.Control.FORMAT_PROPERTIES);

    /** Returns the Chinese texts for {@code zh}, else the English ones. */
    public static Texts of(String language) {
        Locale locale = language.equals("zh") ? Locale.CHINESE : Locale.ENGLISH;
        return new Texts(locale, ResourceBundle.getBundle(FILES, locale, NO_FALLBACK));
    }

    /**
     * Returns a text with its arguments in place.
     *
     * @throws java.util.MissingResourceException if there is no text with this key
     */
    public String text(String key, Object... arguments) {
        return new MessageFormat(bundle.getString(key), locale).format(arguments);
    }

    public String language() {
        return locale.getLanguage();
    }

    /** Returns the meaning of a reason, and what happens next. */
    public String reason(StateReason reason) {
        boolean isCommand = reason.command().startsWith("note-archive");
        String todo = (isCommand ? "the command " : reason.command() + ": ") + reason.effect();
        return translated("reason." + reason, reason.meaning() + ". " + sentence(todo) + ".");
    }

    /** Returns the next action of the operator after a run with this result. */
    String next(RecordedRun run, ExitCode exit) {
        return translated("next." + exit, sentence(NightReport.next(run, exit)) + ".");
    }

    /** Returns the name of a constant; in English the constant itself, as commands take it. */
    public String name(Object constant) {
        return translated("name." + constant, constant.toString());
    }

    /** Returns why a run ended as it did; in English with its details. */
    String why(RecordedRun run) {
        return translated("why." + run.exitCode(), String.valueOf(run.reason()));
    }

    public String what(Reason reason) {
        String key = "cause." + reason.cause();
        Object[] arguments = reason.arguments().stream()
                .map(argument -> argument instanceof Enum<?> ? name(argument) : argument)
                .toArray();
        return bundle.containsKey(key) ? text(key, arguments) : reason.what();
    }

    /** Returns the remedy for a reason of the health: a command, or an instruction. */
    public String remedy(Reason reason) {
        return reason.cause() == HealthCause.RUN_FAILED
                ? translated("next." + reason.arguments().getLast(), reason.command())
                : translated("remedy." + reason.cause(), reason.command());
    }

    public String summary(Health health) {
        return bundle.containsKey("health.summary")
                ? text("health.summary", health.count(Level.BROKEN), health.count(Level.ATTENTION))
                : health.summary();
    }

    /** Returns what is wrong with a filter or another part of an address. */
    public String problem(IllegalArgumentException problem) {
        return problem instanceof InvalidFilterException invalid && bundle.containsKey("filter." + invalid.problem())
                ? text("filter." + invalid.problem(), invalid.arguments().toArray())
                : translated("filter.ADDRESS", String.valueOf(problem.getMessage()));
    }

    private static String sentence(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }

    /** The English texts of constants are in the code. */
    private String translated(String key, String english) {
        return bundle.containsKey(key) ? bundle.getString(key) : english;
    }
}
