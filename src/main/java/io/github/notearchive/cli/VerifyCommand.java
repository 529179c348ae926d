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
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code verify}: whether the store still holds what the tables say. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description =
                "Reads every object in the store again and compares it with the tables, those that were verified the longest ago first; or continues the audit that was not finished. Works beside a run.",
        footer = {
            "",
            "Exit codes: 0 all is as it should be; 1 unforeseen, or the self-test failed; 2 configuration, or no such bucket; 5 another audit is active; 6 something is missing, damaged or orphaned, whether or not the audit is finished; 7 interrupted with nothing found so far, run again; 8 a server is out of reach, run again later."
        })
final class VerifyCommand implements Callable<Integer> {

    @Option(
            names = "--max-duration",
            paramLabel = "D",
            converter = MaxDurationArgument.class,
            description = "Read nothing more after this time, such as 90m or 6h.")
    private @Nullable Duration maxDuration;

    @Option(
            names = "--repair",
            description =
                    "Make a note due for each file that is damaged, so that the next run stores it anew, and write missing sidecars from the ledger.")
    private boolean repair;

    @Option(names = "--delete-orphans", description = "Remove objects that no row points at and that are old enough.")
    private boolean deleteOrphans;

    @Option(
            names = "--self-test",
            description = "Only plant errors in an area of their own, see that they are found, and take them away.")
    private boolean selfTest;

    @Option(names = "--node", paramLabel = "NAME", description = "Which machine this is, instead of ARCHIVE_NODE.")
    private @Nullable String node;

    @Option(names = "--json", description = "Prints the result as one JSON document.")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws SQLException {
        if (selfTest && (repair || deleteOrphans || maxDuration != null)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--self-test audits nothing, so it goes with none of --repair, --delete-orphans and --max-duration");
        }
        SignalHandlers signals = SignalHandlers.install();
        Map<String, String> settings = node == null ? Map.of() : Map.of("archive.node", node);
        try (CommandContext context = CommandContext.openExisting(settings)) {
            if (selfTest) {
                return tell(context.get(VerifyRunner.class).selfTest());
            }
            return context.get(RunTelemetry.class)
                    .observe(
                            "verify",
                            () -> verify(context, signals),
                            summary -> summary.result(next(summary)),
                            ErrorTranslator::result)
                    .exitCode()
                    .number();
        }
    }

    private VerifySummary verify(CommandContext context, SignalHandlers signals) {
        String thisNode = context.get(ArchiveProperties.class).node();
        signals.passTo(context.get(JobStopper.class)::interrupt);
        VerifySummary summary =
                context.get(VerifyRunner.class).verify(new VerifyOptions(maxDuration, repair, deleteOrphans, thisNode));
        PrintWriter out = spec.commandLine().getOut();
        if (summary.execution() == null && summary.exitCode() != ExitCode.ALREADY_RUNNING) {
            spec.commandLine().getErr().println(TerminalText.lines("note-archive: " + summary.reason()));
        } else if (json) {
            printJson(summary, out);
        } else {
            print(summary, out);
        }
        return summary;
    }

    private int tell(Optional<List<SelfTest.Probe>> probes) {
        if (probes.isEmpty()) {
            throw new CommandFailure(
                    ExitCode.ALREADY_RUNNING, "another audit of this database is active; nothing was planted");
        }
        boolean found = probes.get().stream().allMatch(SelfTest.Probe::found);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            printJson(probes.get(), out);
        } else {
            TextTable table = new TextTable("planted", "to be found", "said", "");
            probes.get()
                    .forEach(probe -> table.row(
                            probe.planted(),
                            probe.expected() == null ? "nothing" : probe.expected(),
                            probe.said(),
                            probe.found() ? "right" : "WRONG"));
            out.println(
                    found
                            ? "The audit finds what is planted (exit 0); all of it is removed"
                            : "The audit does not find what is planted (exit 1): do not rely on it");
            out.print(table);
            out.flush();
        }
        return (found ? ExitCode.COMPLETED : ExitCode.FAILED).number();
    }

    private static void printJson(Object result, PrintWriter out) {
        Json.print(result, out);
        out.flush();
    }

    private void print(VerifySummary summary, PrintWriter out) {
        out.printf(
                "%s (exit %d): %s%n",
                summary.exitCode(), summary.exitCode().number(), TerminalText.line(summary.reason()));
        if (summary.execution() != null) {
            printWork(summary, out);
            printFindings(summary, out);
            printRepairs(summary.repairs(), out);
        }
        out.println("  next     " + next(summary));
        out.flush();
    }

    private static void printWork(VerifySummary summary, PrintWriter out) {
        double seconds = Math.max(0.001, summary.took().toMillis() / 1000.0);
        out.printf(
                "  execution %d of instance %d%s, %s%n",
                summary.execution(),
                summary.instance(),
                summary.restart() ? ", a restart" : "",
                DisplayFormat.took(summary.took()));
        out.printf(
                "  audited  %d files and %d sidecars, %s; %.0f objects/s, %s/s%n",
                summary.files(),
                summary.sidecars(),
                DisplayFormat.size(summary.bytes()),
                (summary.files() + summary.sidecars()) / seconds,
                DisplayFormat.size((long) (summary.bytes() / seconds)));
        out.printf(
                "  bucket   %d objects compared with the tables; %d without a row are too young to be orphans%n",
                summary.listed(), summary.young());
        if (summary.dateInFuture() > 0) {
            out.printf(
                    "  clock    %d objects were verified at a time later than now, so they count as never verified; check the clocks (NTP)%n",
                    summary.dateInFuture());
        }
        out.printf(
                "  left     %d files and %d sidecars to audit; verified the longest ago: %s%n",
                summary.filesLeft(),
                summary.sidecarsLeft(),
                summary.oldestVerified() == null
                        ? "never"
                        : DisplayFormat.minute(summary.oldestVerified()) + " Shanghai");
    }

    private static void printFindings(VerifySummary summary, PrintWriter out) {
        if (summary.open().isEmpty()) {
            out.println("  found    nothing");
            return;
        }
        out.println("  found    " + Damage.describe(summary.open()) + " (open, of all audits)");
        for (Finding finding : summary.examples()) {
            out.println(TerminalText.line("    %s %s: %s%s%s"
                    .formatted(
                            finding.kind(),
                            finding.key(),
                            finding.seen(),
                            finding.expected() == null ? "" : "; expected " + finding.expected(),
                            finding.repair() == null ? "" : "; repair: " + finding.repair())));
        }
        long more = summary.findings() - summary.examples().size();
        if (more > 0) {
            out.printf("    and %d more: SELECT * FROM fixity_finding WHERE resolved_at IS NULL%n", more);
        }
    }

    private static void printRepairs(VerifySummary.Repaired repairs, PrintWriter out) {
        if (repairs.notesMadeDue() + repairs.waiting() + repairs.sidecarsRewritten() + repairs.notPossible() > 0) {
            out.printf(
                    "  repair   notes made due %d, files waiting for a note that is due %d, sidecars rewritten %d, not possible %d%n",
                    repairs.notesMadeDue(), repairs.waiting(), repairs.sidecarsRewritten(), repairs.notPossible());
        }
        for (String name : repairs.orphansRemoved()) {
            out.println("  removed  " + TerminalText.line(name));
        }
        for (String left : repairs.orphansLeft()) {
            out.println("  kept     " + TerminalText.line(left));
        }
    }

    private String next(VerifySummary summary) {
        return next(summary, repair, deleteOrphans);
    }

    /**
     * What to do about the findings.
     *
     * @param repair whether the audit had {@code --repair}
     * @param deleteOrphans whether it had {@code --delete-orphans}
     */
    static String next(VerifySummary summary, boolean repair, boolean deleteOrphans) {
        boolean unfinished = summary.filesLeft() + summary.sidecarsLeft() > 0;
        return switch (summary.exitCode()) {
            case COMPLETED -> "nothing to do until the next audit";
            case FINDINGS ->
                summary.repairs().notesMadeDue() + summary.repairs().waiting() > 0
                        ? "run, which stores anew what is due; then verify"
                        : options(repair, deleteOrphans)
                                + (unfinished ? "; the same command continues this audit" : "");
            case INTERRUPTED -> "verify again; the same command continues this audit";
            case UPSTREAM_UNAVAILABLE -> "verify again when the server is back; the same command continues this audit";
            case ALREADY_RUNNING -> "nothing; the other audit goes on";
            case FAILED -> "read the log; the next audit continues where this one ended";
            case USAGE -> "put the configuration right, then verify again";
            case QUOTA_EXHAUSTED, BLOCKED_TOKEN, BLOCKED_PERMISSION, BLOCKED_BALANCE, INCOMPLETE ->
                "no audit ends so; run does";
        };
    }

    /** The options that were not given. */
    private static String options(boolean repair, boolean deleteOrphans) {
        List<String> left = new ArrayList<>();
        if (!repair) {
            left.add("verify --repair makes damaged files due");
        }
        if (!deleteOrphans) {
            left.add((repair ? "verify " : "") + "--delete-orphans removes orphans");
        }
        return left.isEmpty() ? "what is left has its reason in fixity_finding.repair" : String.join(", ", left);
    }
}
