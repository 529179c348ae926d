package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.PublishedTable;
import io.github.notearchive.archive.query.CallTotals;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.nightly.FinishedRun;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.prove.CaptureLog;
import io.github.notearchive.report.NightReports;
import io.github.notearchive.store.ObjectKey;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Currency;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The document that programs read has the fields that are published, however a run ended. */
class SummaryJsonTests {

    private static final Instant BEGAN = Instant.parse("2026-11-25T16:10:00Z");

    @Test
    void theFieldsAreThoseThatArePublished() {
        JsonNode full = document(
                "main",
                new NightReports.WrittenReport(Path.of("/data/reports/a.html"), new ObjectKey("reports/a.html")));
        List<String> fields = new ArrayList<>();
        collect(full, "", fields);
        // an object that may be null has a row of its own
        fields.add(fields.indexOf("report.file"), "report");

        new PublishedTable("run-summary.md", "Fields")
                .assertIsAbout(fields.stream().map(field -> "`" + field + "`").toList());
    }

    @Test
    void aRunThatNeverBeganHasTheSameFields() {
        JsonNode json = document(null, null);

        assertThat(json.path("format").stringValue()).isEqualTo("note-archive/run-summary");
        assertThat(json.path("version").intValue()).isOne();
        assertThat(json.path("exitCode").intValue()).isEqualTo(8);
        assertThat(json.path("exit").stringValue()).isEqualTo("UPSTREAM_UNAVAILABLE");
        assertThat(json.path("reason").stringValue()).isEqualTo("the store is unavailable");
        assertThat(json.path("next").stringValue())
                .as("there is no run to continue")
                .isEqualTo("run again when the server is available");
        assertThat(json.path("night").stringValue())
                .as("by the day of Shanghai")
                .isEqualTo("2026-11-26");
        assertThat(json.path("began").stringValue()).isEqualTo("2026-11-25T16:10:00Z");
        assertThat(json.path("tookSeconds").doubleValue()).isEqualTo(1.5);
        for (String none : List.of("node", "execution", "instance", "report")) {
            assertThat(json.has(none)).as(none).isTrue();
            assertThat(json.path(none).isNull()).as(none).isTrue();
        }
        assertThat(json.at("/calls/made").longValue()).isZero();
        assertThat(json.has("cost")).as("without prices").isFalse();
        assertThat(json.at("/limits").has("costPerNight"))
                .as("without the limit")
                .isFalse();
    }

    private static JsonNode document(@Nullable String node, NightReports.@Nullable WrittenReport report) {
        RunSummary none = RunSummary.notStarted(
                ExitCode.UPSTREAM_UNAVAILABLE, "the store is unavailable", Duration.ofMillis(1500));
        RunSummary summary = new RunSummary(
                none.end(),
                none.counts(),
                none.bill(),
                none.boughtAgain(),
                none.videos(),
                none.refreshes(),
                none.newFields(),
                report == null
                        ? null
                        : new CallTotals.Cost(Currency.getInstance("CNY"), BigDecimal.TEN, BigDecimal.ONE),
                report == null ? null : new CaptureLog.LogState(7, 3, "ab".repeat(32), "no time stamp"));
        String text = ArchiveCommand.json(SummaryJson.of(
                new FinishedRun(BEGAN, BEGAN.plusSeconds(2), summary),
                node,
                new SummaryJson.Limits(
                        5L, 60.0, null, null, 200L, 2.0, 1L << 30, "07:30", report == null ? null : BigDecimal.TEN),
                report));
        return JsonMapper.shared().readTree(text);
    }

    private static void collect(JsonNode json, String prefix, List<String> fields) {
        json.properties().forEach(field -> {
            if (field.getValue().isObject()) {
                collect(field.getValue(), prefix + field.getKey() + ".", fields);
            } else {
                fields.add(prefix + field.getKey());
            }
        });
    }
}
