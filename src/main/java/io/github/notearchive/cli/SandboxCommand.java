package io.github.notearchive.cli;

import io.github.notearchive.archive.query.MediaTotals;
import io.github.notearchive.archive.query.MediaTotals.Volume;
import io.github.notearchive.archive.query.NoteChanges;
import io.github.notearchive.archive.query.NoteChanges.ChangeDigest;
import io.github.notearchive.archive.query.NoteFilter;
import io.github.notearchive.archive.query.NoteList;
import io.github.notearchive.archive.query.NoteList.ListedNote;
import io.github.notearchive.archive.query.SampleQueries;
import io.github.notearchive.archive.worklist.Enqueuer;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistStats;
import io.github.notearchive.archive.worklist.WorklistStats.StateCount;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.io.files.AtomicFile;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.nightly.FinishedRun;
import io.github.notearchive.nightly.NightlyJobRunner;
import io.github.notearchive.nightly.NightlyRun;
import io.github.notearchive.nightly.RunOptions;
import io.github.notearchive.nightly.RunStopper;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.note.Night;
import io.github.notearchive.sandbox.SandboxProvider;
import io.github.notearchive.sandbox.SandboxSettings;
import io.github.notearchive.sandbox.SandboxSettings.Fault;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.util.FileSystemUtils;
import org.springframework.util.StringUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code sandbox}: practises whole nights without token, network or bill. */
@Command(name = "sandbox")
final class SandboxCommand extends ArchiveCommand {

    private static final String MARKER = "note-archive-sandbox";
    private static final String NODE = "sandbox";
    private static final int MOST_NIGHTS = 40;

    /** Nights after that of the last new note, in which notes are refreshed. */
    private static final int NIGHTS_OF_REFRESHES = 2;

    /** Changes that the last lines name. */
    private static final int MOST_NAMED = 5;

    private static final Set<ExitCode> CONTINUED = Set.of(ExitCode.QUOTA_EXHAUSTED, ExitCode.INCOMPLETE);

    /** Settings of the store of a sandbox, which those of the environment must not change. */
    private static final Map<String, String> STORE = Map.of(
            "archive.store.endpoint",
            "",
            "archive.store.bucket",
            "note-archive",
            "archive.store.region",
            "us-east-1",
            "archive.store.create-bucket",
            "true");

    @Option(names = "--notes", paramLabel = "N")
    private int notes = 60;

    @Option(names = "--quota", paramLabel = "N")
    private int quota = 50;

    @Option(names = "--fail-301", paramLabel = "P")
    private double fail301 = 0.1;

    @Option(names = "--fail-302", paramLabel = "P", defaultValue = "0")
    private double fail302;

    @Option(names = "--missing", paramLabel = "P")
    private double missing = 0.03;

    @Option(names = "--empty", paramLabel = "P", defaultValue = "0")
    private double empty;

    @Option(names = "--dead-media", paramLabel = "P", defaultValue = "0")
    private double deadMedia;

    @Option(names = "--latency", paramLabel = "D", defaultValue = "150ms")
    private Duration latency = Duration.ZERO;

    @Option(names = "--calls-per-second", paramLabel = "N")
    private int callsPerSecond = 20;

    @Option(names = "--videos")
    private boolean videos;

    @Option(names = "--seed", paramLabel = "N")
    private long seed = 1;

    @Option(names = "--browse")
    private boolean browse;

    @Option(names = "--serve")
    private boolean serve;

    @Option(names = "--verbose")
    private boolean verbose;

    /**
     * Time by which the practice is behind the system clock. It moves forward by whole days, so that a practice of
     * several nights neither waits nor writes times of the future.
     */
    private final AtomicReference<Duration> behind = new AtomicReference<>(Duration.ZERO);

    private final Clock clock =
            ((InstantSource) () -> ProgramConfiguration.CLOCK.instant().minus(behind.get())).withZone(ZoneOffset.UTC);

    record End(
            SandboxProvider provider,
            int notes,
            boolean videos,
            List<SampleQueries.SampleQuery> samples,
            String program,
            Night night) {}

    /**
     * Result of a practice, for its last lines.
     *
     * @param failed notes that failed, some of them
     * @param changes of all nights
     */
    record Practice(
            Map<NoteState, Long> states,
            Volume files,
            int nights,
            List<ListedNote> failed,
            ChangeDigest changes,
            String directory) {

        long count(NoteState state) {
            return states.getOrDefault(state, 0L);
        }
    }

    /** The provider that serves commands of other processes. */
    record Serving(SandboxProvider provider, Path directory, Path ids, String otherServers) {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        refuseIf(notes < 1, "--notes must be at least 1, but is " + notes);
        refuseIf(quota < 1, "--quota must be at least 1, but is " + quota);
        refuseIf(
                callsPerSecond < 1 || callsPerSecond > 1_000,
                "--calls-per-second must be from 1 to 1000, but is " + callsPerSecond);
        SandboxSettings behaviour = behaviour();
        SignalHandlers signals = SignalHandlers.install();
        Path home = Path.of(System.getProperty("archive.home", ""), "sandbox-data");
        Path directory = dataDirectory().orElse(home).toAbsolutePath().normalize();
        if (prepare(directory)) {
            detail("Emptied %s, which an earlier sandbox had written\n".formatted(directory));
        }
        if (serve) {
            return serve(behaviour, directory, signals);
        }
        behind.set(Duration.ofDays(nights() - 1L));
        ExitCode end;
        try (SandboxProvider provider = new SandboxProvider(behaviour, clock);
                CommandContext context = CommandContext.open(settings(directory, provider), clock)) {
            detail("Practice provider at %s, media server at %s\nDatabase and store are embedded, their data is in %s\n"
                    .formatted(provider.baseUrl(), provider.mediaHost(), directory));
            signals.passTo(context.get(RunStopper.class)::stop);
            enqueue(context.get(Enqueuer.class), provider);
            RunSummary last = runNights(context, provider);
            if (verbose) {
                out().print(text("sandbox", end(context.get(SampleQueries.class), directory, provider)));
                out().println();
            } else if (last.exitCode() != ExitCode.COMPLETED) {
                out().print(text("run", last));
            }
            out().print(text("sandbox-end", practice(context, directory, provider.day())));
            out().flush();
            end = last.exitCode();
        }
        return browse && isOrderly(end)
                ? NoteArchiveCommand.commandLine("browse").execute("browse", "--data-dir", directory.toString())
                : end.number();
    }

    /** Serves the provider until a signal, for the commands that an operator types. */
    private int serve(SandboxSettings behaviour, Path directory, SignalHandlers signals)
            throws IOException, InterruptedException {
        CountDownLatch stopped = new CountDownLatch(1);
        signals.passTo(_ -> stopped.countDown());
        try (SandboxProvider provider = new SandboxProvider(behaviour, ProgramConfiguration.CLOCK)) {
            Path ids = Files.write(directory.resolve("ids.txt"), provider.noteIds(notes));
            out().print(text("sandbox-serve", new Serving(provider, directory, ids, otherServers())));
            out().flush();
            stopped.await();
        }
        return ExitCode.COMPLETED.number();
    }

    /**
     * Returns the settings that select the embedded store of a data directory; that of a sandbox has its own bucket.
     */
    static Map<String, String> storeOf(Path directory) {
        return Files.exists(directory.resolve(MARKER)) ? STORE : Map.of("archive.store.endpoint", "");
    }

    private void detail(String text) {
        if (verbose) {
            out().print(text);
            out().flush();
        }
    }

    private End end(SampleQueries samples, Path directory, SandboxProvider provider) {
        return new End(
                provider,
                notes,
                videos,
                samples.all(),
                "ARCHIVE_DATA_DIR='%s' ARCHIVE_NODE=%s %sbin/note-archive".formatted(directory, NODE, otherServers()),
                Night.current(clock));
    }

    /** Returns assignments, each with a blank, that clear variables which would select another archive. */
    private static String otherServers() {
        return Stream.of("ARCHIVE_DATABASE_URL", "ARCHIVE_S3_ENDPOINT", "ARCHIVE_S3_BUCKET")
                .filter(server -> StringUtils.hasText(System.getenv(server)))
                .map(server -> server + "= ")
                .collect(Collectors.joining());
    }

    private SandboxSettings behaviour() {
        try {
            return new SandboxSettings(
                    seed,
                    quota,
                    latency,
                    Map.of(
                            Fault.FAIL_301, fail301,
                            Fault.FAIL_302, fail302,
                            Fault.MISSING, missing,
                            Fault.EMPTY, empty,
                            Fault.DEAD_MEDIA, deadMedia),
                    !serve);
        } catch (IllegalArgumentException e) {
            throw usage("--" + e.getMessage());
        }
    }

    /**
     * Returns the number of nights: those that the new notes take, with the notes that are postponed, and some of
     * refreshes. The last one is today, since later commands compare its times with the system clock.
     */
    private int nights() {
        long responses = videos ? 2L * notes : notes;
        return (int) Math.min(MOST_NIGHTS, Math.ceilDiv(responses, quota) + NIGHTS_OF_REFRESHES);
    }

    /**
     * Returns the refreshes of a night: as many as the provider delivers beside the new notes of the last night that
     * has some, so that these nights are completed.
     */
    private int refreshes() {
        return Math.max(1, quota - 1 - (notes > quota ? notes % quota : 0));
    }

    private static Practice practice(CommandContext context, Path directory, int nights) {
        NoteFilter failed = NoteFilter.parse("state:failed");
        return new Practice(
                context.get(WorklistStats.class).countByState().stream()
                        .collect(Collectors.toMap(StateCount::state, StateCount::notes)),
                context.get(MediaTotals.class).now(),
                nights,
                context.get(NoteList.class).notes(failed, MOST_NAMED),
                context.get(NoteChanges.class).digest(Instant.EPOCH, MOST_NAMED),
                directory.toString());
    }

    /**
     * Empties the directory of an earlier practice, and no other directory.
     *
     * @return whether there was something to remove
     */
    private static boolean prepare(Path directory) throws IOException {
        String[] files = directory.toFile().list();
        boolean isUsed = files != null && files.length > 0;
        if (isUsed) {
            if (!Files.exists(directory.resolve(MARKER))) {
                throw CommandFailure.usage(
                        directory + " is not empty and does not belong to the sandbox; name another --data-dir");
            }
            DataDirectory.open(directory).close(); // refuses one that is in use
            for (String data : List.of("postgres", "s3", "spool", "answers", "reports")) {
                FileSystemUtils.deleteRecursively(directory.resolve(data));
            }
            Files.deleteIfExists(directory.resolve("postgres.password"));
        }
        Files.createDirectories(directory, AtomicFile.PRIVATE_DIRECTORY);
        Files.writeString(
                directory.resolve(MARKER), "This directory belongs to the sandbox, which empties it at each start.\n");
        return isUsed;
    }

    private Map<String, String> settings(Path directory, SandboxProvider provider) {
        Map<String, String> settings = new HashMap<>(STORE);
        settings.putAll(Map.ofEntries(
                Map.entry("archive.data-dir", directory.toString()),
                Map.entry("archive.node", NODE),
                Map.entry("archive.workers", "16"),
                Map.entry("archive.source.base-url", provider.baseUrl().toString()),
                Map.entry("archive.source.token", SandboxProvider.TOKEN),
                Map.entry("archive.source.calls-per-second", String.valueOf(callsPerSecond)),
                Map.entry("archive.source.calls-per-night", "0"),
                Map.entry("archive.source.cost-per-night", "0"),
                Map.entry("archive.video.enabled", String.valueOf(videos)),
                Map.entry("archive.video.calls-per-night", "0"),
                Map.entry("archive.media.allowed-hosts", provider.mediaHost()),
                Map.entry("archive.media.backoff", "100ms"),
                Map.entry("archive.retry.delays", "300ms,600ms,1s,2s"),
                Map.entry("archive.refresh.enabled", "true"),
                Map.entry("archive.refresh.gaps", "1d"),
                Map.entry("archive.refresh.calls-per-night", String.valueOf(refreshes())),
                Map.entry("archive.store.sync", "false"),
                Map.entry("spring.datasource.url", "")));
        return settings;
    }

    private void enqueue(Enqueuer enqueuer, SandboxProvider provider) {
        String ids = String.join("\n", provider.noteIds(notes));
        var report = enqueuer.enqueue(new StringReader(ids), new Enqueuer.Options(null, 5, "sandbox"), _ -> {}, null);
        detail("Enqueued %s; the provider's quota is %s a day\n"
                .formatted(
                        DisplayFormat.plural(report.added(), "generated note"), DisplayFormat.plural(quota, "note")));
    }

    private RunSummary runNights(CommandContext context, SandboxProvider provider) {
        RunSummary summary = run(context, "the first night");
        for (int night = 2; isContinued(summary.exitCode(), night); night++) {
            boolean isResumed = summary.exitCode() == ExitCode.QUOTA_EXHAUSTED;
            if (night == 2 && isResumed) {
                run(context, "the same night again; the gate is closed, so no call is made");
            }
            behind.updateAndGet(days -> days.minusDays(1));
            provider.nextDay();
            detail("\n   ... the clock of the sandbox moves to %s Shanghai, the quota is reset\n"
                    .formatted(DisplayFormat.minute(clock.instant())));
            summary = run(
                    context,
                    "the next night; "
                            + (isResumed ? "the run is resumed" : "a new run takes postponed notes and refreshes"));
        }
        return summary;
    }

    /** Returns whether there is another night: as planned, or since notes are still postponed. */
    private boolean isContinued(ExitCode end, int night) {
        return night <= nights() ? isOrderly(end) : CONTINUED.contains(end) && night <= MOST_NIGHTS;
    }

    private static boolean isOrderly(ExitCode end) {
        return end == ExitCode.COMPLETED || CONTINUED.contains(end);
    }

    private RunSummary run(CommandContext context, String title) {
        detail("\n== %s Shanghai: %s\n".formatted(DisplayFormat.minute(clock.instant()), title));
        Instant began = clock.instant();
        RunSummary summary;
        try (NightlyRun run = context.get(NightlyJobRunner.class).prepare(new RunOptions(null, null, false, NODE));
                LiveProgress _ = LiveProgress.show(run::progress)) {
            summary = run.execute();
        }
        detail(text("run", summary));
        context.get(FinishedRuns.class)
                .record(NODE, new FinishedRun(began, clock.instant(), summary))
                .ifPresent(report -> detail("  report    %s\n".formatted(report.file())));
        return summary;
    }
}
