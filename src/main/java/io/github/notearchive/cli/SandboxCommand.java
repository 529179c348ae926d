package io.github.notearchive.cli;

import io.github.notearchive.archive.stats.SampleQueries;
import io.github.notearchive.archive.worklist.Enqueuer;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.io.PrivateDirectory;
import io.github.notearchive.nightly.NightlyJobRunner;
import io.github.notearchive.nightly.RunOptions;
import io.github.notearchive.nightly.RunStopper;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.FinishedRun;
import io.github.notearchive.sandbox.SandboxProvider;
import io.github.notearchive.sandbox.SandboxSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.util.FileSystemUtils;
import org.springframework.util.StringUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code sandbox}: practises whole nights without token, network or bill. */
@Command(
        name = "sandbox",
        mixinStandardHelpOptions = true,
        description = "Practises whole nights against a provider inside the process: no token, no network, no bill.",
        footer = {
            "",
            "Each practice begins with an empty worklist in a data directory of its own, and leaves it for you to look at."
        })
final class SandboxCommand implements Callable<Integer> {

    private static final String MARKER = "note-archive-sandbox";
    private static final String NODE = "sandbox";
    private static final int MOST_NIGHTS = 40;

    @Option(
            names = "--notes",
            paramLabel = "N",
            defaultValue = "60",
            description = "Notes on the worklist (default: ${DEFAULT-VALUE}).")
    private int notes;

    @Option(
            names = "--quota",
            paramLabel = "N",
            defaultValue = "40",
            description = "Answers that the provider sells in a day (default: ${DEFAULT-VALUE}).")
    private int quota;

    @Option(
            names = "--fail-301",
            paramLabel = "P",
            defaultValue = "0.1",
            description = "Share of calls that fail with code 301 (default: ${DEFAULT-VALUE}).")
    private double fail301;

    @Option(
            names = "--fail-302",
            paramLabel = "P",
            defaultValue = "0",
            description = "Share of calls that are refused as too fast (default: ${DEFAULT-VALUE}).")
    private double fail302;

    @Option(
            names = "--missing",
            paramLabel = "P",
            defaultValue = "0.03",
            description = "Share of notes that are gone, code 201 (default: ${DEFAULT-VALUE}).")
    private double missing;

    @Option(
            names = "--empty",
            paramLabel = "P",
            defaultValue = "0",
            description = "Share of notes whose answer is a success without the note (default: ${DEFAULT-VALUE}).")
    private double empty;

    @Option(
            names = "--dead-media",
            paramLabel = "P",
            defaultValue = "0",
            description = "Share of files that no address serves (default: ${DEFAULT-VALUE}).")
    private double deadMedia;

    @Option(
            names = "--latency",
            paramLabel = "D",
            defaultValue = "150ms",
            converter = SpanArgument.class,
            description = "How long an answer takes (default: ${DEFAULT-VALUE}).")
    private Duration latency = Duration.ZERO;

    @Option(
            names = "--calls-per-second",
            paramLabel = "N",
            defaultValue = "20",
            description = "The rate of calls (default: ${DEFAULT-VALUE}).")
    private int callsPerSecond;

    @Option(names = "--videos", description = "Buys the videos of video notes, too, by a call of their own.")
    private boolean videos;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "What the notes and mishaps are drawn from (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "Where the practice lies (default: sandbox-data beside the program, or where you are).")
    private @Nullable Path dataDir;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        if (notes < 1) {
            throw new ParameterException(spec.commandLine(), "--notes must be at least 1, but is " + notes);
        }
        SignalHandlers signals = SignalHandlers.install();
        Path directory = directory();
        prepare(directory);
        PrintWriter out = spec.commandLine().getOut();
        SandboxClock clock = new SandboxClock(daysBehind());
        try (SandboxProvider provider = SandboxProvider.start(behaviour());
                CommandContext context = CommandContext.open(settings(directory, provider), clock)) {
            out.println("A provider to practise on listens at "
                    + provider.baseUrl()
                    + ", a media server at "
                    + provider.mediaHost());
            out.println("Database and store are embedded, their data lie in " + directory);
            signals.passTo(context.get(RunStopper.class)::stop);
            enqueue(context, provider, out);
            RunSummary last = nights(context, provider, clock, out);
            out.println();
            out.println("== What the provider counts: "
                    + provider.calls()
                    + " calls, "
                    + provider.delivered()
                    + " answers sold for "
                    + notes
                    + " notes"
                    + (videos
                            ? "; "
                                    + provider.videoCalls()
                                    + " calls for videos, "
                                    + provider.videosDelivered()
                                    + " of those answers sold"
                            : ""));
            context.get(SampleQueries.class).all().forEach(sample -> print(sample, out));
            out.println();
            out.println("Look further:");
            for (String further : List.of(
                    "status",
                    "report --night " + Night.current(clock),
                    "explain " + provider.noteIds(notes).getLast(),
                    "servers    (then psql and any S3 client)")) {
                out.println("  " + environment(directory) + " bin/note-archive " + further);
            }
            out.flush();
            return last.exitCode().number();
        }
    }

    /** What leads another command to this practice, whatever the environment says otherwise. */
    private static String environment(Path directory) {
        return Stream.concat(
                        Stream.of("ARCHIVE_DATA_DIR='" + directory + "'", "ARCHIVE_NODE=" + NODE),
                        Stream.of("ARCHIVE_DATABASE_URL", "ARCHIVE_S3_ENDPOINT")
                                .filter(server -> StringUtils.hasText(System.getenv(server)))
                                .map(server -> server + "="))
                .collect(Collectors.joining(" "));
    }

    private SandboxSettings behaviour() {
        try {
            return SandboxSettings.defaults()
                    .withSeed(seed)
                    .withQuota(quota)
                    .withFail301(fail301)
                    .withFail302(fail302)
                    .withMissing(missing)
                    .withEmpty(empty)
                    .withDeadMedia(deadMedia)
                    .withLatency(latency);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
        }
    }

    /**
     * How many days before today the practice starts, so that its last night is today: later commands compare the times
     * that it leaves with the system clock. A practice of one night starts yesterday, since notes may be postponed to
     * another one.
     */
    private int daysBehind() {
        long answers = videos ? 2L * notes : notes;
        long nights = Math.ceilDiv(answers, Math.max(quota, 1));
        boolean isPostponed = empty > 0 || deadMedia > 0;
        return Math.clamp(nights - (isPostponed ? 0 : 1), 1, MOST_NIGHTS - 1);
    }

    private Path directory() {
        if (dataDir != null) {
            return dataDir.toAbsolutePath().normalize();
        }
        return Path.of(System.getProperty("archive.home", ""), "sandbox-data")
                .toAbsolutePath()
                .normalize();
    }

    /** Empties the directory of an earlier practice, and of nothing else. */
    private static void prepare(Path directory) throws IOException {
        if (Files.isDirectory(directory) && !isEmpty(directory)) {
            if (!Files.exists(directory.resolve(MARKER))) {
                throw new CommandFailure(
                        ExitCode.USAGE,
                        directory + " is not empty and no earlier practice made it; name another --data-dir");
            }
            try (DataDirectory held = DataDirectory.open(directory)) {
                if (held.joined()) {
                    throw new CommandFailure(
                            ExitCode.USAGE,
                            directory + " is in use by another process; end that first, or name another --data-dir");
                }
            }
            for (String kept : List.of("postgres", "s3", "spool", "reports")) {
                FileSystemUtils.deleteRecursively(directory.resolve(kept));
            }
            Files.deleteIfExists(directory.resolve("postgres.password"));
        }
        PrivateDirectory.make(directory);
        Files.writeString(
                directory.resolve(MARKER),
                "This directory belongs to the sandbox, which empties it at each practice.\n");
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.findAny().isEmpty();
        }
    }

    private Map<String, String> settings(Path directory, SandboxProvider provider) {
        Map<String, String> settings = new HashMap<>();
        settings.put("archive.data-dir", directory.toString());
        settings.put("archive.node", NODE);
        settings.put("archive.workers", "16");
        settings.put("archive.source.base-url", provider.baseUrl().toString());
        settings.put("archive.source.token", SandboxProvider.TOKEN);
        settings.put("archive.source.calls-per-second", String.valueOf(callsPerSecond));
        settings.put("archive.source.calls-per-night", "0");
        settings.put("archive.video.enabled", String.valueOf(videos));
        settings.put("archive.video.calls-per-night", "0");
        settings.put("archive.media.allowed-hosts", provider.mediaHost());
        settings.put("archive.media.backoff", "100ms");
        settings.put("archive.retry.delays", "300ms,600ms,1s,2s");
        settings.put("archive.store.endpoint", "");
        settings.put("archive.store.bucket", "note-archive");
        settings.put("archive.store.create-bucket", "true");
        settings.put("spring.datasource.url", "");
        return settings;
    }

    private void enqueue(CommandContext context, SandboxProvider provider, PrintWriter out) {
        String ids = String.join("\n", provider.noteIds(notes));
        var report = context.get(Enqueuer.class)
                .enqueue(new StringReader(ids), new Enqueuer.Options(null, 5, "sandbox"), _ -> {});
        out.println("Enqueued " + report.added() + " invented notes; the provider sells " + quota + " answers a day");
        out.flush();
    }

    private RunSummary nights(CommandContext context, SandboxProvider provider, SandboxClock clock, PrintWriter out) {
        RunSummary summary = night(context, clock, "run", out);
        for (int night = 1; isToBeContinued(summary) && night < MOST_NIGHTS; night++) {
            if (night == 1 && summary.exitCode() == ExitCode.QUOTA_EXHAUSTED) {
                night(context, clock, "run again on the same day: the gate is closed, nothing is asked", out);
            }
            clock.nextDay();
            provider.grant(quota);
            out.println();
            out.println("   ... the sandbox's clock is put forward to "
                    + DisplayFormat.minute(clock.instant())
                    + " in Shanghai, the quota is new");
            summary = night(
                    context,
                    clock,
                    "run on the next day: the same job instance goes on, or what was put off is asked again",
                    out);
        }
        return summary;
    }

    private static boolean isToBeContinued(RunSummary summary) {
        return summary.exitCode() == ExitCode.QUOTA_EXHAUSTED || summary.exitCode() == ExitCode.INCOMPLETE;
    }

    private static RunSummary night(CommandContext context, SandboxClock clock, String title, PrintWriter out) {
        out.println();
        out.println("== " + DisplayFormat.minute(clock.instant()) + " Shanghai: " + title);
        out.flush();
        Instant began = clock.instant();
        NightlyJobRunner runner = context.get(NightlyJobRunner.class);
        RunSummary summary;
        try (LiveProgress _ = LiveProgress.show(runner::progress)) {
            summary = runner.run(new RunOptions(null, null, false, NODE));
        }
        RunCommand.print(summary, out);
        FinishedRuns.settle(context, NODE, new FinishedRun(began, clock.instant(), summary))
                .ifPresent(report -> FinishedRuns.print(report, out));
        return summary;
    }

    private static void print(SampleQueries.Sample sample, PrintWriter out) {
        out.println();
        out.println("-- " + sample.title());
        out.print(sample.sql());
        if (!sample.rows().isEmpty()) {
            TextTable table = new TextTable(sample.rows().getFirst().keySet().toArray(String[]::new));
            sample.rows().forEach(row -> table.row(row.values().toArray()));
            out.print(table);
        }
    }
}
