package io.github.notearchive.cli.check;

import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.cli.ArchiveLocation;
import io.github.notearchive.cli.CommandContext;
import io.github.notearchive.cli.CommandFailure;
import io.github.notearchive.cli.check.Check.Seen;
import io.github.notearchive.provider.NoteSourceProperties;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Looks at the settings: whether they can be used, and whether the token looks like one. */
final class SettingsCheck {

    private final CommandContext context;

    SettingsCheck(CommandContext context) {
        this.context = context;
    }

    Seen settings() {
        List<String> wrong = new ArrayList<>();
        for (RuntimeException e : context.unusableSettings()) {
            wrong.add(SystemChecks.explained(e).message());
        }
        for (Runnable rule :
                List.<Runnable>of(context::requireKnownSettings, context::requireUnits, context::requirePostgres)) {
            try {
                rule.run();
            } catch (CommandFailure e) {
                wrong.add(e.getMessage());
            }
        }
        if (!wrong.isEmpty()) {
            return Seen.wrong(wrong.stream().distinct().collect(Collectors.joining("\n")));
        }
        NoteSourceProperties source = context.get(NoteSourceProperties.class);
        String node = context.get(ArchiveProperties.class).node();
        List<String> odd = new ArrayList<>(ArchiveLocation.unusedCredentials(context));
        if (source.allowPlainHttp() && isHttpAbroad(source)) {
            odd.add("the token travels in clear to "
                    + source.baseUrl()
                    + ", as JUSTONEAPI_ALLOW_PLAIN_HTTP allows; node "
                    + node);
        }
        return odd.isEmpty()
                ? Seen.ok("valid; node " + node + ", provider " + source.baseUrl())
                : Seen.warning(String.join("\n", odd));
    }

    private static boolean isHttpAbroad(NoteSourceProperties source) {
        return "http".equalsIgnoreCase(source.baseUrl().getScheme()) && !source.isLoopback();
    }

    Seen token() {
        String token = context.get(NoteSourceProperties.class).token().value();
        if (token.isEmpty()) {
            return Seen.wrong("there is none; set JUSTONEAPI_TOKEN to the token of your JustOneAPI account");
        }
        if (!token.matches("[\\x21-\\x7e]+") || token.matches(".*[\"'<>].*")) {
            return Seen.warning(
                    "JUSTONEAPI_TOKEN is set, but holds blanks, quotes, brackets or letters that are not ASCII; was it copied with something around it?");
        }
        return token.length() < 8
                ? Seen.warning("JUSTONEAPI_TOKEN is set, but shorter than 8 characters; was it copied whole?")
                : Seen.ok("JUSTONEAPI_TOKEN is set; whether the provider takes it only a paid call shows");
    }
}
