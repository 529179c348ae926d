package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.archive.stats.Nodes;
import io.github.notearchive.archive.stats.OpenNotes;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.io.TerminalText;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.provider.VideoProperties;
import io.github.notearchive.report.Health;
import io.github.notearchive.report.HealthCheck;
import java.io.PrintWriter;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code status}: where the archive stands, on one screen. */
@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        description =
                "Says whether the archive is healthy, and shows the worklist, the gate, tonight's calls and bill, the last runs, and what is left over.",
        footer = {
            "",
            "HEALTHY: nothing needs anybody. ATTENTION: nights go on, somebody should look. BROKEN: nights do not go on, or files are damaged. Each reason stands with what deals with it.",
            "Exit codes: 0 done, however it is; 6 with --fail-on; 2 usage; 8 the database is out of reach."
        })
final class StatusCommand implements Callable<Integer> {

    private static final int RUNS = 10;

    /** Of each state so many notes are looked at for an example of what stands in their way. */
    private static final int LOOKED_AT = 1_000;

    private static final int FIELDS = 10;

    @Option(names = "--json", description = "Prints the same as one JSON document.")
    private boolean json;

    @Option(
            names = "--fail-on",
            paramLabel = "LEVEL",
            description =
                    "Exit with 6 when it is as bad as this or worse: ATTENTION or BROKEN. Otherwise with 0, however it is.")
    private Health.@Nullable Level failOn;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    /**
     * All of it, as it is printed.
     *
     * @param archive which one it is
     * @param openNotes all notes that are POSTPONED or FAILED, by reason; of each state {@value #LOOKED_AT} at most are
     *     looked at for examples
     */
    record Status(
            ArchiveLocation archive,
            Health health,
            Instant at,
            String night,
            boolean rebuildUnfinished,
            List<WorklistStats.StateCount> worklist,
            QuotaHolds.@Nullable Closed gate,
            List<CallTotals.CallCount> callsTonight,
            Videos videosTonight,
            Refreshes refreshes,
            List<Nodes.Node> nodes,
            List<JobExecutionQueries.Run> runs,
            List<OpenNotes.Group> openNotes,
            Fixity fixity,
            SchemaDrift.Unreviewed newFields,
            ErasureList.Count forgotten) {}

    /** How long ago the store was looked at, and what is wrong with it. */
    record Fixity(
            @Nullable Instant oldestVerified,
            JobExecutionQueries.@Nullable Audit lastAudit,
            Map<Damage.Kind, Long> openFindings) {}

    /**
     * The calls for videos, which are among the calls of tonight.
     *
     * @param enabled whether any are made
     * @param allowed our own limit of them in a night; 0 is none
     */
    record Videos(boolean enabled, CallTotals.Bill bill, int allowed) {}

    /**
     * Archived notes that are asked about anew; the calls are among those of tonight.
     *
     * @param policy when that is, as far as a note has no time of its own
     * @param allowed our own limit of these calls in a night; 0 is none
     */
    record Refreshes(String policy, WorklistStats.PlannedRefreshes notes, CallTotals.Bill billTonight, int allowed) {}

    @Override
    public Integer call() {
        try (CommandContext context = CommandContext.openExisting()) {
            Status status = read(context);
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                Json.print(status, out);
            } else {
                print(status, out);
            }
            out.flush();
            return failOn != null && status.health().level().compareTo(failOn) >= 0
                    ? ExitCode.INCOMPLETE.number()
                    : ExitCode.COMPLETED.number();
        }
    }

    static Status read(CommandContext context) {
        Clock clock = context.get(Clock.class);
        Night tonight = Night.current(clock);
        WorklistStats counts = context.get(WorklistStats.class);
        VideoProperties videos = context.get(VideoProperties.class);
        RefreshProperties refreshes = context.get(RefreshProperties.class);
        return new Status(
                ArchiveLocation.of(context),
                context.get(HealthCheck.class).check(),
                clock.instant(),
                tonight.toString(),
                context.get(JobExecutionQueries.class).isRebuildUnfinished(),
                counts.countByState(),
                context.get(QuotaHolds.class).current().orElse(null),
                context.get(CallTotals.class).countsIn(tonight),
                new Videos(
                        videos.enabled(),
                        context.get(CallTotals.class).billIn(tonight, Endpoint.VIDEO),
                        videos.callsPerNight()),
                new Refreshes(
                        refreshes.policy(),
                        counts.refreshes(),
                        context.get(CallTotals.class).billOfRefreshesIn(tonight),
                        refreshes.callsAllowed(
                                context.get(NoteSourceProperties.class).callsPerNight())),
                context.get(Nodes.class).all(tonight),
                context.get(JobExecutionQueries.class).latest(RUNS),
                context.get(OpenNotes.class).byReason(LOOKED_AT),
                new Fixity(
                        context.get(AuditRepository.class)
                                .oldestVerified(clock.instant())
                                .orElse(null),
                        context.get(JobExecutionQueries.class).latestAudit().orElse(null),
                        context.get(AuditRepository.class).countOpen()),
                context.get(SchemaDrift.class).unreviewed(FIELDS),
                context.get(ErasureList.class).count());
    }

    static void print(Status status, PrintWriter out) {
        out.println("Archive: " + TerminalText.line(status.archive()));
        print(status.health(), out);
        printWorklist(status.worklist(), out);
        printGate(status.gate(), out);
        printTonight(status, out);
        print(status.nodes(), out);
        print(status.runs(), status.health().lastRun(), out);
        print(status.fixity(), out);
        print(status.newFields(), out);
        print(status.forgotten(), out);
        print(status.openNotes(), status.worklist(), out);
    }

    private static void printWorklist(List<WorklistStats.StateCount> states, PrintWriter out) {
        out.println("Worklist");
        TextTable notes = new TextTable("state", "notes", "due now", "in work");
        states.forEach(count -> notes.row(count.state(), count.notes(), count.due(), count.inWork()));
        out.print(notes.isEmpty() ? "  empty; fill it with: note-archive enqueue FILE\n" : notes);
    }

    private static void printGate(QuotaHolds.@Nullable Closed gate, PrintWriter out) {
        out.println("Gate");
        out.println(
                gate == null
                        ? "  open"
                        : "  closed until "
                                + DisplayFormat.minute(gate.until())
                                + " Shanghai: "
                                + TerminalText.line(gate.reason())
                                + ", met at "
                                + DisplayFormat.minute(gate.at())
                                + " by execution "
                                + gate.jobExecutionId());
    }

    private static void printTonight(Status status, PrintWriter out) {
        out.println("Calls of tonight, " + status.night() + " in Shanghai");
        TextTable calls = new TextTable("code", "billed", "calls");
        status.callsTonight()
                .forEach(count ->
                        calls.row(count.code() == null ? "none" : count.code(), count.billed(), count.calls()));
        out.print(calls.isEmpty() ? "  none\n" : calls);
        out.println("  " + line(status.videosTonight()));
        out.println("  " + line(status.refreshes()));
    }

    static void print(List<JobExecutionQueries.Run> latest, Health.@Nullable LastRun newest, PrintWriter out) {
        out.println("Last runs (times of Shanghai)");
        TextTable runs = new TextTable(
                "execution",
                "instance",
                "night",
                "node",
                "began",
                "ended",
                "status",
                "exit code",
                "calls",
                "billed",
                "why");
        latest.forEach(run -> runs.row(
                run.execution(),
                run.instance(),
                run.night(),
                run.node(),
                DisplayFormat.second(run.began()),
                DisplayFormat.second(run.ended()),
                run.status(),
                run.exitCode(),
                run.calls(),
                run.billed(),
                firstLine(run.exitMessage())));
        out.print(runs.isEmpty() ? noneOf(newest) : runs);
    }

    /** A run that was refused is none of Spring Batch's. */
    private static String noneOf(Health.@Nullable LastRun refused) {
        return refused == null
                ? "  none; begin with: note-archive run\n"
                : "  none yet: what ended with %d %s was refused before it began%n"
                        .formatted(refused.exitNumber(), refused.exitCode());
    }

    /** Every note that is left over is in one of the rows. */
    static void print(List<OpenNotes.Group> groups, List<WorklistStats.StateCount> worklist, PrintWriter out) {
        if (groups.isEmpty()) {
            return;
        }
        out.println("Put off or failed (explain NOTE_ID tells one note's story)");
        TextTable left = new TextTable("state", "notes", "due", "reason", "example", "detail");
        groups.forEach(group -> left.row(
                group.state(),
                group.notes(),
                group.state() == NoteState.FAILED ? "never by itself" : DisplayFormat.minute(group.due()),
                group.reason(),
                group.example(),
                group.detail()));
        out.print(left);
        groups.stream().map(OpenNotes.Group::reason).distinct().forEach(reason -> out.println("  " + line(reason)));
        out.println(
                "  all notes of a reason: SELECT note_id, due_at, detail FROM worklist WHERE state IN ('POSTPONED', 'FAILED') AND reason = '"
                        + groups.getFirst().reason()
                        + "'");
        worklist.stream()
                .filter(count -> count.notes() > LOOKED_AT
                        && (count.state() == NoteState.POSTPONED || count.state() == NoteState.FAILED))
                .forEach(count -> out.printf(
                        "  of the %d notes that are %s, the %d that runs left last were looked at for examples and times%n",
                        count.notes(), count.state(), LOOKED_AT));
    }

    private static String line(StateReason reason) {
        return reason + ": " + reason.meaning() + " -> " + reason.command() + ": " + reason.effect();
    }

    private static void print(List<Nodes.Node> nodes, PrintWriter out) {
        if (nodes.isEmpty()) {
            return;
        }
        out.println("Nodes (times of Shanghai)");
        TextTable table = new TextTable(
                "node",
                "is",
                "execution",
                "began",
                "ended",
                "exit code",
                "notes in hand",
                "calls tonight",
                "last heard of");
        nodes.forEach(node -> table.row(
                node.node().isEmpty() ? "not shown to us" : node.node(),
                node.state(),
                node.execution(),
                DisplayFormat.second(node.began()),
                DisplayFormat.second(node.ended()),
                node.exitCode(),
                node.notesInHand(),
                node.callsTonight(),
                DisplayFormat.second(node.lastHeard())));
        out.print(table);
        for (Nodes.Node node : nodes) {
            if (node.next() != null) {
                out.println("  " + node.node() + " " + node.state() + ": " + TerminalText.line(node.next()));
            }
        }
    }

    private static void print(Health health, PrintWriter out) {
        out.println(health.level() + ": " + TerminalText.line(health.inAWord()));
        for (Health.Reason reason : health.reasons()) {
            String level = reason.level() == Health.Level.HEALTHY
                    ? "-"
                    : reason.level().toString();
            out.printf(
                    "  %-9s  %s%n             -> %s%n",
                    level, TerminalText.line(reason.what()), TerminalText.line(reason.command()));
        }
    }

    private static void print(SchemaDrift.Unreviewed newFields, PrintWriter out) {
        if (newFields.fields() == 0) {
            return;
        }
        out.println("Fields of answers that were never seen before, "
                + newFields.fields()
                + " in all (schema_drift; set state to BASELINE where all is well)");
        TextTable fields = new TextTable("field", "type", "first seen", "example");
        newFields
                .examples()
                .forEach(field -> fields.row(
                        field.path(), field.type(), DisplayFormat.minute(field.firstSeenAt()), field.exampleNote()));
        out.print(fields);
    }

    private static void print(ErasureList.Count forgotten, PrintWriter out) {
        if (forgotten.notes() + forgotten.authors() > 0) {
            out.printf(
                    "Forgotten%n  %d notes, %d authors%s%n",
                    forgotten.notes(),
                    forgotten.authors(),
                    forgotten.unfinished() == 0
                            ? ""
                            : "; " + forgotten.unfinished() + " of them not to the end: repeat the last forget --yes");
        }
    }

    private static void print(Fixity fixity, PrintWriter out) {
        out.println("Fixity (times of Shanghai)");
        out.println("  verified the longest ago  " + DisplayFormat.minute(fixity.oldestVerified()));
        JobExecutionQueries.Audit audit = fixity.lastAudit();
        out.println("  last audit                "
                + (audit == null
                        ? "none; begin with: note-archive verify"
                        : "execution "
                                + audit.execution()
                                + " of instance "
                                + audit.instance()
                                + ", "
                                + audit.status()
                                + " "
                                + audit.exitCode()
                                + ", ended "
                                + DisplayFormat.minute(audit.ended())));
        out.println("  open findings             "
                + (fixity.openFindings().isEmpty() ? "none" : Damage.describe(fixity.openFindings())));
    }

    private static String line(Videos videos) {
        CallTotals.Bill bill = videos.bill();
        if (!videos.enabled() && bill.calls() == 0) {
            return "videos are not bought (archive.video.enabled)";
        }
        return "of these for videos: "
                + bill.calls()
                + " of "
                + (videos.allowed() == 0 ? "any number" : videos.allowed() + " allowed")
                + ", billed "
                + bill.billed()
                + ", billing unknown "
                + bill.billingUnknown()
                + (videos.enabled() ? "" : "; no more are bought (archive.video.enabled)");
    }

    private static String line(Refreshes refreshes) {
        WorklistStats.PlannedRefreshes notes = refreshes.notes();
        if (notes.planned() == 0 && refreshes.policy().equals("off")) {
            return "archived notes are not asked about anew (archive.refresh.enabled)";
        }
        CallTotals.Bill bill = refreshes.billTonight();
        return "of these about archived notes: "
                + bill.calls()
                + " of "
                + (refreshes.allowed() == 0 ? "any number" : refreshes.allowed() + " allowed")
                + ", billed "
                + bill.billed()
                + ", billing unknown "
                + bill.billingUnknown()
                + "; refreshes due now "
                + notes.due()
                + " of "
                + notes.planned()
                + (notes.next() == null ? "" : ", the next in the night of " + notes.next());
    }

    private static @Nullable String firstLine(@Nullable String text) {
        return text == null ? null : text.lines().findFirst().orElse("");
    }
}
