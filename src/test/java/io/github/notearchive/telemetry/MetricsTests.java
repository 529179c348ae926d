package io.github.notearchive.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.PublishedTable;
import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.telemetry.Receivers.DeliveryException;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The metrics equal the documented table, labels have few values, and dashboard and alerts query no other metrics. The
 * text file keeps values that were not measured.
 */
class MetricsTests {

    private static final Pattern HEAD =
            Pattern.compile("# HELP ([a-z0-9_]+) (\\S.*)\n# TYPE \\1 (counter|gauge|histogram|summary)");
    private static final Pattern SAMPLE = Pattern.compile(
            "([a-z_][a-z0-9_]*)\\{((?:[a-z_]+=\"(?:[^\"\\\\]|\\\\[\\\\\"n])*\",?)+)\\} (NaN|[+-]?Inf|[-+0-9.E]+)");
    private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"([^\"]*)\"");
    private static final Pattern NAME = Pattern.compile("\\b(?:note_archive|spring_batch)_[a-z0-9_]+");

    private static final String SUCCESS = """
            # HELP note_archive_last_success_timestamp_seconds When
            # TYPE note_archive_last_success_timestamp_seconds gauge
            note_archive_last_success_timestamp_seconds{node="main"} 1.7E9
            """;

    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void nameTheFile() {
        file = directory.resolve("note_archive.prom");
    }

    private void reportRun(ExitCode exitCode) {
        try (TelemetryFixture fixture = TelemetryFixture.with("archive.metrics.textfile", file.toString())) {
            fixture.report(CommandResult.failed(exitCode, "why", "what next"));
        }
    }

    @Test
    void aFailedRunKeepsTheValuesThatItDidNotMeasure() throws IOException {
        Files.writeString(file, SUCCESS + """
                        # HELP note_archive_last_run_exit_code Exit code of the last run
                        # TYPE note_archive_last_run_exit_code gauge
                        note_archive_last_run_exit_code{node="main"} 0.0
                        """);

        reportRun(ExitCode.UPSTREAM_UNAVAILABLE);

        assertThat(Files.readString(file))
                .contains(SUCCESS)
                .contains("note_archive_last_run_exit_code{node=\"main\"} 8.0")
                .doesNotContain("note_archive_last_run_exit_code{node=\"main\"} 0.0");
    }

    @Test
    void anOverlappingRunKeepsTheValuesOfTheActiveRun() throws IOException {
        String active = """
                # HELP note_archive_last_run_exit_code Exit code of the last run
                # TYPE note_archive_last_run_exit_code gauge
                note_archive_last_run_exit_code{node="main"} 0.0
                # HELP note_archive_running 1 while a run is active
                # TYPE note_archive_running gauge
                note_archive_running{node="main"} 1.0
                """;
        Files.writeString(file, active);

        reportRun(ExitCode.ALREADY_RUNNING);

        assertThat(Files.readString(file))
                .contains(active.lines().toList())
                .contains("note_archive_last_overlap_timestamp_seconds{node=\"main\"} 1.7731152E9");
    }

    @Test
    void aMissingDirectoryIsReported() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        var nowhere = new RunTelemetry.Textfile(directory.resolve("none").resolve("x.prom"), registry);

        assertThatThrownBy(() -> nowhere.export())
                .isInstanceOf(DeliveryException.class)
                .hasMessageContaining("NoSuchFileException");
    }

    @Test
    void theTableListsEveryMetricWithTypeLabelsAndDescription() throws IOException {
        Files.deleteIfExists(Path.of("target", "metrics.md"));
        PublishedTable table = new PublishedTable("metrics.md", "Names and labels");
        Map<String, Family> families = families(everythingMeasured());

        SoftAssertions.assertSoftly(all -> families.values()
                .forEach(family -> all.assertThatCode(() -> table.assertHolds(family.row()))
                        .doesNotThrowAnyException()));
        assertThat(families.values()).allSatisfy(family -> {
            assertThat(family.labels).containsKey("node");
            assertThat(family.labels.values())
                    .allSatisfy(values -> assertThat(values).hasSizeLessThan(20));
        });
        table.assertIsAbout(
                families.keySet().stream().map(name -> "`" + name + "`").toList());
    }

    @Test
    void unknownProviderCodesShareOneLabelValue() {
        try (TelemetryFixture fixture = TelemetryFixture.with()) {
            PrometheusMeterRegistry registry = exported(fixture);
            for (int code = 1000; code < 1500; code++) {
                fixture.meters.onResponse(Endpoint.VIDEO, code, Billed.UNKNOWN, Duration.ofSeconds(1));
            }

            Map<String, Family> families = families(registry.scrape());
            assertThat(families.get("note_archive_run_calls_total").labels.get("code"))
                    .containsExactly("other");
            assertThat(families.get("note_archive_run_call_duration_seconds")
                            .labels
                            .get("endpoint"))
                    .containsExactly("note-detail/v6");
        }
    }

    @Test
    void metersOfLibrariesAreNotExported() {
        try (TelemetryFixture fixture = TelemetryFixture.with()) {
            PrometheusMeterRegistry registry = exported(fixture);
            fixture.meters.registry.counter("hikaricp.connections").increment();
            fixture.meters.registry.counter("process.cpu.time").increment();

            assertThat(registry.scrape()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"prometheus/alerts.yml", "grafana/dashboard.json"})
    void dashboardAndAlertsQueryDocumentedMetrics(String file) throws IOException {
        Set<String> known = new TreeSet<>();
        families(everythingMeasured()).values().forEach(family -> {
            known.add(family.name);
            if (family.type.equals("histogram") || family.type.equals("summary")) {
                known.add(family.name + "_bucket");
                known.add(family.name + "_count");
                known.add(family.name + "_sum");
            }
        });

        Set<String> asked = NAME.matcher(Files.readString(Path.of("config", file)))
                .results()
                .map(MatchResult::group)
                .collect(Collectors.toSet());

        assertThat(asked).hasSizeGreaterThan(5);
        assertThat(known).containsAll(asked);
    }

    /** Every family, as after a run and an audit. */
    private String everythingMeasured() {
        try (TelemetryFixture fixture = TelemetryFixture.with()) {
            PrometheusMeterRegistry registry = exported(fixture);
            Meters meters = fixture.meters;
            meters.open();
            meters.runStarted();
            meters.progress(RunCounts.NONE);
            List<Integer> codes = new ArrayList<>(ProviderCode.DOCUMENTED);
            codes.add(null);
            codes.add(777);
            for (Integer code : codes) {
                for (Billed billed : Billed.values()) {
                    for (Endpoint endpoint : Endpoint.values()) {
                        meters.onResponse(endpoint, code, billed, Duration.ofSeconds(3));
                    }
                }
            }
            TelemetryFixture.STATS.update(meters, fixture.node, TelemetryFixture.NOW);
            meters.commandEnded("run", ExitCode.COMPLETED, TelemetryFixture.NOW, TelemetryFixture.NOW);
            meters.commandEnded("verify", ExitCode.COMPLETED, TelemetryFixture.NOW, TelemetryFixture.NOW);
            meters.set("last.overlap.timestamp", 0);
            batch(meters, "spring.batch.job", "COMPLETED");
            batch(meters, "spring.batch.item.process", "SUCCESS");
            batch(meters, "spring.batch.chunk.write", "SUCCESS");
            return registry.scrape();
        }
    }

    private static void batch(Meters meters, String name, String status) {
        String job = name.equals("spring.batch.job") ? name + ".name" : name + ".job.name";
        Timer.builder(name)
                .tags(Tags.of(
                        job,
                        "archiveNotes",
                        name + ".status",
                        status,
                        name + ".step.name",
                        "archiveNotes:w7",
                        "error",
                        "none"))
                .register(meters.registry)
                .record(Duration.ofSeconds(1));
    }

    private static PrometheusMeterRegistry exported(TelemetryFixture fixture) {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        fixture.meters.registry.add(registry);
        return registry;
    }

    /** One family of the text format. */
    private record Family(String name, String type, String help, Map<String, Set<String>> labels) {

        String row() {
            List<String> shown = new ArrayList<>();
            labels.forEach((label, values) -> {
                boolean open = label.equals("node") || label.equals("job_name");
                shown.add("`" + label + "`" + (open ? "" : ": " + String.join(" ", values)));
            });
            return "| `%s` | %s | %s | %s |".formatted(name, type, String.join("; ", shown), help);
        }
    }

    /** Strict parser of the text format, of which each family begins with HELP and TYPE. */
    private static Map<String, Family> families(String text) {
        Map<String, Family> families = new TreeMap<>();
        Family family = null;
        Iterator<String> lines = text.lines().iterator();
        while (lines.hasNext()) {
            String line = lines.next();
            if (line.startsWith("#")) {
                Matcher head = HEAD.matcher(line + "\n" + lines.next());
                assertThat(head.matches()).as(line).isTrue();
                family = new Family(head.group(1), head.group(3), head.group(2), new TreeMap<>());
                assertThat(families.put(family.name, family)).as(line).isNull();
                assertThat(family.name.endsWith("_total")).as(line).isEqualTo(family.type.equals("counter"));
                continue;
            }
            Matcher sample = SAMPLE.matcher(line);
            assertThat(sample.matches()).as(line).isTrue();
            assertThat(sample.group(1)).startsWith(family.name);
            Map<String, Set<String>> labels = family.labels;
            LABEL.matcher(sample.group(2))
                    .results()
                    .filter(label -> !label.group(1).equals("le"))
                    .forEach(label -> labels.computeIfAbsent(label.group(1), _ -> new TreeSet<>())
                            .add(label.group(2)));
        }
        return families;
    }
}
