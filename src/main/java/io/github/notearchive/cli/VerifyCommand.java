package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.Finding;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.io.TerminalText;
import io.github.notearchive.maintenance.verify.SelfTest;
import io.github.notearchive.maintenance.verify.VerifyOptions;
import io.github.notearchive.maintenance.verify.VerifyRunner;
import io.github.notearchive.maintenance.verify.VerifySummary;
import io.github.notearchive.telemetry.RunTelemetry;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code verify}: compares the stored objects with the tables. */
@Command(
        name = "verify",
        description =
                "Reads every object in the store and compares it with the tables, least recently verified first; or resumes an unfinished audit. May run beside a run.",
        footer = {
            "",
            "Exit codes: 0 no findings; 1 unexpected error, or the self-test failed; 2 configuration, or no such bucket; 5 another audit is active; 6 something is missing, damaged or orphaned, whether or not the audit is finished; 7 interrupted without findings so far, run again; 8 a server is unavailable, run again later."
        })
final class VerifyCommand extends ArchiveCommand {

    @Mixin
    private MaxDurationOption limit = new MaxDurationOption();

    @Option(
            names = "--repair",
            description =
                    "Make a note due for each damaged file, so that the next run stores it again, and write missing sidecars from the ledger.")
    private boolean repair;

    @Option(names = "--delete-orphans", description = "Remove objects without a row that are old enough.")
    private boolean deleteOrphans;

    @Option(
            names = "--self-test",
            description = "Only plant errors in a separate area, check that they are found, and remove them.")
    private boolean selfTest;

    @Mixin
    private NodeOption node = new NodeOption();

    @Mixin
    private JsonOption json = new JsonOption();

    @Component
    record Action(
            RunTelemetry telemetry,
            ArchiveProperties settings,
            ObjectProvider<JobStopper> stopper,
            ObjectProvider<VerifyRunner> runner) {}

    @Override
    public Integer call() throws Exception {
        if (selfTest && (repair || deleteOrphans || limit.duration() != null)) {
            throw usage("--self-test excludes --repair, --delete-orphans and --max-duration, since it audits nothing");
        }
        SignalHandlers signals = SignalHandlers.install();
        return execute(
                node.settings(),
                Action.class,
                action -> selfTest
                        ? printSelfTest(action.runner.getObject().selfTest())
                        : action.telemetry
                                .observe(
                                        "verify",
                                        () -> verify(action, signals),
                                        summary -> summary.result(next(summary, repair, deleteOrphans)),
                                        ErrorTranslator::result)
                                .exitCode());
    }

    private VerifySummary verify(Action action, SignalHandlers signals) {
        signals.passTo(action.stopper.getObject()::interrupt);
        VerifyOptions options = new VerifyOptions(limit.duration(), repair, deleteOrphans, action.settings.node());
        VerifySummary summary = action.runner.getObject().verify(options);
        if (summary.execution() == null && summary.exitCode() != ExitCode.ALREADY_RUNNING) {
            warn(summary.reason());
        } else {
            json.print(summary, out(), out -> print(summary, out));
        }
        return summary;
    }

    private ExitCode printSelfTest(Optional<List<SelfTest.Probe>> probes) {
        List<SelfTest.Probe> all = probes.orElseThrow(() -> new CommandFailure(
                ExitCode.ALREADY_RUNNING, "another audit of this database is active; nothing was planted"));
        boolean found = all.stream().allMatch(SelfTest.Probe::found);
        json.print(all, out(), out -> {
            TextTable table = new TextTable("planted", "expected", "found", "");
            all.forEach(probe -> table.row(
                    probe.planted(),
                    probe.expected() == null ? "nothing" : probe.expected(),
                    probe.said(),
                    probe.found() ? "right" : "WRONG"));
            String title = found
                    ? "The audit finds what is planted (exit 0); all of it is removed"
                    : "The audit does not find what is planted (exit 1): do not rely on it";
            table.print(title, "nothing", out);
        });
        return found ? ExitCode.COMPLETED : ExitCode.FAILED;
    }

    private void print(VerifySummary summary, PrintWriter out) {
        printResult(out, summary.exitCode(), summary.reason());
        if (summary.execution() != null) {
            printExecution(out, summary.execution(), summary.instance(), summary.restart(), summary.took());
            printWork(summary, out);
            printFindings(summary, out);
            printRepairs(summary.repairs(), out);
        }
        line(out, "next", next(summary, repair, deleteOrphans));
    }

    private static void printWork(VerifySummary summary, PrintWriter out) {
        line(
                out,
                "audited",
                "%d files and %d sidecars, %s; %.0f objects/s, %s/s"
                        .formatted(
                                summary.files(),
                                summary.sidecars(),
                                DisplayFormat.size(summary.bytes()),
                                perSecond(summary.files() + summary.sidecars(), summary.took()),
                                DisplayFormat.size((long) perSecond(summary.bytes(), summary.took()))));
        line(
                out,
                "bucket",
                "%d objects compared with the tables; %d without a row are too young to be orphans"
                        .formatted(summary.listed(), summary.young()));
        if (summary.dateInFuture() > 0) {
            line(
                    out,
                    "clock",
                    summary.dateInFuture()
                            + " objects were verified in the future, so they count as never verified; check the clocks (NTP)");
        }
        line(
                out,
                "left",
                "%d files and %d sidecars to audit; oldest verification: %s"
                        .formatted(
                                summary.filesLeft(),
                                summary.sidecarsLeft(),
                                summary.oldestVerified() == null
                                        ? "never"
                                        : DisplayFormat.minute(summary.oldestVerified()) + " Shanghai"));
    }

    private static void printFindings(VerifySummary summary, PrintWriter out) {
        line(
                out,
                "found",
                summary.open().isEmpty() ? "nothing" : Damage.describe(summary.open()) + " (open, of all audits)");
        for (Finding finding : summary.examples()) {
            out.println("    "
                    + TerminalText.line("%s %s: %s%s%s"
                            .formatted(
                                    finding.kind(),
                                    finding.key(),
                                    finding.seen(),
                                    finding.expected() == null ? "" : "; expected " + finding.expected(),
                                    finding.repair() == null ? "" : "; repair: " + finding.repair())));
        }
        long more = summary.findings() - summary.examples().size();
        if (more > 0) {
            out.println("    and " + more + " more: SELECT * FROM fixity_finding WHERE resolved_at IS NULL");
        }
    }

    private static void printRepairs(VerifySummary.Repaired repairs, PrintWriter out) {
        if (repairs.notesMadeDue() + repairs.waiting() + repairs.sidecarsRewritten() + repairs.notPossible() > 0) {
            line(
                    out,
                    "repair",
                    "%d notes made due, %d files waiting for a note that is due, %d sidecars rewritten, %d not possible"
                            .formatted(
                                    repairs.notesMadeDue(),
                                    repairs.waiting(),
                                    repairs.sidecarsRewritten(),
                                    repairs.notPossible()));
        }
        repairs.orphansRemoved().forEach(name -> line(out, "removed", TerminalText.line(name)));
        repairs.orphansLeft().forEach(name -> line(out, "kept", TerminalText.line(name)));
    }

    /** Returns the recommended action after an audit with these options. */
    static String next(VerifySummary summary, boolean repair, boolean deleteOrphans) {
        boolean unfinished = summary.filesLeft() + summary.sidecarsLeft() > 0;
        return switch (summary.exitCode()) {
            case COMPLETED -> "no action required until the next audit";
            case FINDINGS ->
                summary.repairs().notesMadeDue() + summary.repairs().waiting() > 0
                        ? "run, which stores the due files again; then verify"
                        : furtherOptions(repair, deleteOrphans)
                                + (unfinished ? "; the same command resumes this audit" : "");
            case INTERRUPTED -> "verify again; the same command resumes this audit";
            case UPSTREAM_UNAVAILABLE ->
                "verify again when the server is available; the same command resumes this audit";
            case ALREADY_RUNNING -> "no action required; the other audit continues";
            case FAILED -> "read the log; the next audit resumes this one";
            case USAGE -> "correct the configuration, then verify again";
            case QUOTA_EXHAUSTED, BLOCKED_TOKEN, BLOCKED_PERMISSION, BLOCKED_BALANCE, INCOMPLETE ->
                "not a result of verify";
        };
    }

    private static String furtherOptions(boolean repair, boolean deleteOrphans) {
        if (repair && deleteOrphans) {
            return "fixity_finding.repair has the reason of each remaining finding";
        }
        return repair
                ? "verify --delete-orphans removes orphans"
                : "verify --repair makes damaged files due"
                        + (deleteOrphans ? "" : ", --delete-orphans removes orphans");
    }
}
