package io.github.notearchive.cli;

import io.github.notearchive.cli.check.Check;
import io.github.notearchive.cli.check.SystemChecks;
import io.github.notearchive.io.TerminalText;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
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
    record Report(Instant at, int exitCode, List<SystemChecks.Finding> checks) {}

    @Override
    public Integer call() {
        Instant began = Instant.now();
        List<SystemChecks.Finding> findings = new SystemChecks(Map.of(), null).all();
        int exitCode = SystemChecks.exitCode(findings).number();
        json.print(new Report(began, exitCode, findings), out(), out -> print(findings, out));
        return exitCode;
    }

    public static void print(List<SystemChecks.Finding> findings, PrintWriter out) {
        findings.forEach(finding -> out.println("%-7s  %-14s  %s"
                .formatted(
                        finding.result().name().toLowerCase(Locale.ROOT),
                        finding.name(),
                        TerminalText.line(finding.message()))));
        long failed = count(findings, Check.Result.FAILED);
        out.println("%s (exit %d): %d failed, %d warnings"
                .formatted(
                        failed == 0 ? "A run can start" : "Not ready",
                        SystemChecks.exitCode(findings).number(),
                        failed,
                        count(findings, Check.Result.WARNING)));
    }

    private static long count(List<SystemChecks.Finding> findings, Check.Result result) {
        return findings.stream().filter(finding -> finding.result() == result).count();
    }
}
