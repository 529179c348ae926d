package io.github.notearchive.cli.check;

import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.cli.ArchiveLocation;
import io.github.notearchive.cli.CommandContext;
import io.github.notearchive.cli.check.Check.Seen;
import io.github.notearchive.provider.NoteSourceProperties;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Checks whether the settings are valid, and whether the token looks like one. */
final class SettingsCheck {

    private final CommandContext context;

    SettingsCheck(CommandContext context) {
        this.context = context;
    }

    Seen settings() {
        List<String> problems = new ArrayList<>();
        context.bindingFailures()
                .forEach(e -> problems.add(SystemChecks.explained(e).message()));
        problems.addAll(context.settingsProblems());
        if (!problems.isEmpty()) {
            return Seen.wrong(problems.stream().distinct().collect(Collectors.joining("\n")));
        }
        NoteSourceProperties source = context.get(NoteSourceProperties.class);
        String node = context.get(ArchiveProperties.class).node();
        List<String> warnings = context.get(ArchiveLocation.class).unusedCredentials();
        if (source.allowPlainHttp() && "http".equalsIgnoreCase(source.baseUrl().getScheme()) && !source.isLoopback()) {
            warnings.add("the token is sent unencrypted to %s, as JUSTONEAPI_ALLOW_PLAIN_HTTP allows; node %s"
                    .formatted(source.baseUrl(), node));
        }
        return warnings.isEmpty()
                ? Seen.ok("valid; node " + node + ", provider " + source.baseUrl())
                : Seen.warning(String.join("\n", warnings));
    }

    Seen token() {
        String token = context.get(NoteSourceProperties.class).token().value();
        if (token.isEmpty()) {
            return Seen.wrong("there is none; set JUSTONEAPI_TOKEN to the token of your JustOneAPI account");
        }
        if (!token.matches("[\\x21-\\x7e]+") || token.matches(".*[\"'<>].*")) {
            return Seen.warning(
                    "JUSTONEAPI_TOKEN is set, but contains spaces, quotes, brackets or letters that are not ASCII; check that only the token was copied");
        }
        return token.length() < 8
                ? Seen.warning(
                        "JUSTONEAPI_TOKEN is set, but shorter than 8 characters; check that it was copied completely")
                : Seen.ok("JUSTONEAPI_TOKEN is set; only a paid call shows whether the provider accepts it");
    }
}
