package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.check.Check;
import io.github.notearchive.cli.check.SystemChecks;
import io.github.notearchive.io.TerminalText;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code check}: whether a run could begin, thing by thing. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description = {
            "Looks at everything that a run needs: settings, token, data directory and disk, database and schema, store,"
                    + " provider, clocks, gate and limits. One line each: ok, warning, failed, or skipped where it rests on"
                    + " something that failed; with what to do. Makes no paid call, migrates nothing. Where database and"
                    + " store are embedded they are started, or those of a run are joined."
        },
        footer = {
            "",
            "Exit codes: 0 nothing failed, there may be warnings; 2 settings or credentials are wrong, or somebody has to act; 8 a server is out of reach; 1 unforeseen. With several failures the first of 2, 8, 1."
        })
public final class CheckCommand implements Callable<Integer> {

    @Option(names = "--json", description = "Prints the same as one JSON document.")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    /** All of it, as it is printed. */
    record Report(Instant at, int exitCode, List<SystemChecks.Finding> checks) {}

    @Override
    public Integer call() {
        Instant began = Instant.now();
        List<SystemChecks.Finding> findings = new SystemChecks(Map.of(), null).all();
        ExitCode exitCode = SystemChecks.exitCode(findings);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Json.print(new Report(began, exitCode.number(), findings), out);
        } else {
            print(findings, out);
        }
        out.flush();
        return exitCode.number();
    }

    public static void print(List<SystemChecks.Finding> findings, PrintWriter out) {
        for (SystemChecks.Finding finding : findings) {
            out.printf(
                    "%-7s  %-14s  %s%n",
                    finding.result().name().toLowerCase(Locale.ROOT),
                    finding.name(),
                    TerminalText.line(finding.message()));
        }
        long failed = count(findings, Check.Result.FAILED);
        long warnings = count(findings, Check.Result.WARNING);
        ExitCode exitCode = SystemChecks.exitCode(findings);
        out.printf(
                "%s (exit %d): %d failed, %d warnings%n",
                failed == 0 ? "A run can begin" : "Not ready", exitCode.number(), failed, warnings);
    }

    private static long count(List<SystemChecks.Finding> findings, Check.Result result) {
        return findings.stream().filter(finding -> finding.result() == result).count();
    }
}
