package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import io.github.notearchive.telemetry.RunTelemetry;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Metrics, webhook and health check report the same result of a night. */
@NightlyJobTest
class TelemetryOfNightTests extends NightFixture {

    private static final ScriptedServer gateway = new ScriptedServer();
    private static final ScriptedServer collector = new ScriptedServer();
    private static final ScriptedServer webhook = new ScriptedServer();
    private static final ScriptedServer checks = new ScriptedServer();

    @TempDir
    static Path directory;

    @Autowired
    RunTelemetry telemetry;

    @DynamicPropertySource
    static void receivers(DynamicPropertyRegistry settings) {
        settings.add("archive.metrics.textfile", () -> directory + "/night_{node}.prom");
        settings.add("archive.metrics.push-url", gateway::address);
        settings.add("archive.metrics.otlp-url", () -> collector.address() + "/v1/metrics");
        settings.add("archive.notify.events", () -> "start,success,attention,failure");
        settings.add("archive.notify.webhook.url", () -> webhook.address() + "/hook");
        settings.add("archive.notify.ping-url", () -> checks.address() + "/5bf66975");
    }

    @AfterAll
    static void close() {
        List.of(gateway, collector, webhook, checks).forEach(ScriptedServer::close);
    }

    @Test
    void reportsANightToFileGatewayCollectorWebhookAndCheck() throws Exception {
        List<String> notes = new ArrayList<>(night.pending(SandboxNoteKind.IMAGES, 2));
        notes.addAll(night.pending(1));
        night.script().answers(notes.getFirst(), Reply.code(301), Reply.code(777), Reply.normal());

        telemetry.open("run");
        RunSummary run = night.run();
        telemetry.ended(run.result());

        assertEnded(run, ExitCode.COMPLETED);
        Path file = directory.resolve("night_main.prom");
        String text = Files.readString(file);
        assertThat(text)
                .contains(
                        "note_archive_last_run_exit_code{node=\"main\"} 0.0",
                        "note_archive_last_run_result{node=\"main\",result=\"COMPLETED\"} 1.0",
                        "note_archive_last_run_result{node=\"main\",result=\"FAILED\"} 0.0",
                        "note_archive_running{node=\"main\"} 0.0",
                        "note_archive_run_notes_total{disposition=\"archived\",node=\"main\"} 3.0",
                        "note_archive_run_notes_total{disposition=\"postponed\",node=\"main\"} 2.0",
                        "note_archive_run_calls_total{billed=\"yes\",code=\"0\",node=\"main\"} 3.0",
                        "note_archive_run_calls_total{billed=\"no\",code=\"301\",node=\"main\"} 1.0",
                        "note_archive_run_calls_total{billed=\"unknown\",code=\"other\",node=\"main\"} 1.0",
                        "note_archive_run_call_duration_seconds_count{endpoint=\"note-detail/v1\",node=\"main\"} 5",
                        "note_archive_notes{node=\"main\",state=\"ARCHIVED\"} 3.0",
                        "note_archive_notes_due{node=\"main\",state=\"PENDING\"} 0.0",
                        "note_archive_calls_tonight{billed=\"yes\",node=\"main\"} 3.0",
                        "note_archive_gate_closed_until_timestamp_seconds{node=\"main\"} 0.0",
                        "note_archive_spool_files{node=\"main\"} 0.0",
                        "note_archive_fixity_findings{kind=\"MISSING\",node=\"main\"} 0.0",
                        "spring_batch_job_seconds_count{job_name=\"archiveNotes\",node=\"main\",status=\"COMPLETED\"} 1")
                .contains(
                        "note_archive_run_files_total{node=\"main\",outcome=\"stored\"} "
                                + (double) run.files().stored(),
                        "note_archive_run_size_bytes_total{node=\"main\",outcome=\"stored\"} ",
                        "note_archive_run_media_requests_total{node=\"main\"} "
                                + (double) run.files().requests())
                .doesNotContain(":w1")
                .doesNotContain(notes)
                .doesNotContain("127.0.0.1");
        assertThat(value(text, "note_archive_last_success_timestamp_seconds")).isPositive();
        assertThat(value(text, "note_archive_media_objects"))
                .isEqualTo(run.files().stored());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-r--r--");
        try (var left = Files.list(directory)) {
            assertThat(left.filter(path -> path.toString().endsWith(".tmp"))).isEmpty();
        }

        ScriptedServer.Request pushed = gateway.requests().getLast();
        assertThat(pushed.line()).isEqualTo("POST /metrics/job/note_archive/instance/main HTTP/1.1");
        assertThat(pushed.headers().get("Content-Type")).startsWith("text/plain");
        assertThat(pushed.text()).contains("note_archive_last_run_exit_code{node=\"main\"} 0.0\n");

        ScriptedServer.Request collected = collector.requests().getLast();
        assertThat(collected.line()).isEqualTo("POST /v1/metrics HTTP/1.1");
        assertThat(collected.headers()).containsEntry("Content-Type", "application/x-protobuf");
        assertThat(metric(collected, "note.archive.run.notes").getSum().getDataPointsList())
                .anySatisfy(point -> {
                    assertThat(labels(point)).contains("archived", "main");
                    assertThat(point.getAsDouble()).isEqualTo(3);
                });

        assertThat(checks.requests()).hasSize(2);
        assertThat(checks.requests().getLast().text())
                .contains("COMPLETED (exit 0)", "notes archived 3", "calls 5, billed 3");

        assertThat(webhook.requests()).hasSize(2);
        JsonNode event =
                JsonMapper.shared().readTree(webhook.requests().getLast().body());
        assertThat(event.path("event").asString()).isEqualTo("success");
        assertThat(event.path("execution").asLong()).isEqualTo(run.execution());
        assertThat(event.path("notes").path("archived").asLong()).isEqualTo(3);
        assertThat(event.path("bill").path("billed").asLong()).isEqualTo(3);
        assertThat(event.path("night").asString()).isEqualTo("2026-03-10");
        assertThat(event.at("/digest/since").asString()).isEqualTo("2026-03-09T16:00:00Z");
        assertThat(event.at("/digest/gone/notes").asInt(-1)).isZero();
        assertThat(event.at("/digest/edited/notes").asInt(-1)).isZero();
    }

    private static double value(String text, String metric) {
        return text.lines()
                .filter(line -> line.startsWith(metric + "{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    private static Metric metric(ScriptedServer.Request sent, String name) throws IOException {
        return ExportMetricsServiceRequest.parseFrom(sent.body()).getResourceMetricsList().stream()
                .flatMap(resource -> resource.getScopeMetricsList().stream())
                .flatMap(scope -> scope.getMetricsList().stream())
                .filter(metric -> metric.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> labels(NumberDataPoint point) {
        return point.getAttributesList().stream()
                .map(attribute -> attribute.getValue().getStringValue())
                .toList();
    }
}
