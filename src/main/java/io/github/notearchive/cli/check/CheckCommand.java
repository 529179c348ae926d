package io.github.notearchive.cli.check;

import io.github.notearchive.cli.ArchiveCommand;
import io.github.notearchive.cli.ConsoleText;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code check}: checks whether a run could start. */
@Command(
        name = "check",
        description = {
            "Checks everything that a run needs: settings, token, data directory and disk, database and schema, store,"
                    + " provider, clocks, gate and limits. One line each: ok, warning, failed, or skipped if it depends on"
                    + " a failed one; with a remedy. Makes no paid call, migrates nothing. Embedded servers are started, or"
                    + " those of a run are used."
        },
        footer = {
            "",
            "Exit codes: 0 nothing failed, there may be warnings; 2 settings or credentials are wrong, or an operator has to act; 8 a server is unavailable; 1 unexpected error. With several failures the first of 2, 8, 1."
        })
public final class CheckCommand extends ArchiveCommand {

    @Mixin
    private JsonOption json = new JsonOption();

    /** Result, as printed. */
    record Report(Instant at, int exitCode, List<SystemChecks.Finding> checks) {

        long count(Check.Result result) {
            return checks.stream().filter(check -> check.result() == result).count();
        }
    }

    @Override
    public Integer call() {
        Instant began = Instant.now();
        List<SystemChecks.Finding> findings = new SystemChecks(Map.of(), null).all();
        int exitCode = SystemChecks.exitCode(findings).number();
        Report report = new Report(began, exitCode, findings);
        json.print(report, out(), () -> ConsoleText.render("check/report", report));
        return exitCode;
    }
}
