package io.github.notearchive.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.query.CallTotals;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.nightly.FinishedRun;
import io.github.notearchive.nightly.NightlyLimitProperties;
import io.github.notearchive.nightly.NightlySettings;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.report.NightReports;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Summary of a run as one JSON document, with the content of the text on the console.
 *
 * <p>It has the same fields for any end of a run; {@code src/docs/run-summary.md} describes each. A field may be added
 * without notice. If a field is removed or changes its meaning, {@link #VERSION} is raised.
 */
final class SummaryJson {

    /** Raised if a field is removed or changes its meaning. */
    private static final int VERSION = 1;

    private SummaryJson() {}

    record CallsJson(
            long made,
            long billed,
            long billingUnknown,
            @Nullable Long boughtAgain) {

        static CallsJson of(CallTotals.Bill bill, @Nullable Long boughtAgain) {
            return new CallsJson(bill.calls(), bill.billed(), bill.billingUnknown(), boughtAgain);
        }
    }

    /** Refreshes of archived notes, those still due, and calls for them. */
    record RefreshesJson(@JsonUnwrapped RunCounts.RefreshCounts counts, long due, CallsJson calls) {}

    /** A field that no response had before. */
    record Field(String field, String exampleNote) {

        private static Field of(SchemaDrift.FieldExample found) {
            return new Field(found.field().toString(), found.example().value());
        }
    }

    /**
     * Limits of the run; null for no limit, and if the settings could not be read.
     *
     * @param notes {@code --limit}
     * @param seconds {@code --max-duration}, or else {@code archive.limits.max-duration}
     * @param stopAt a time of day in Shanghai
     */
    record Limits(
            @Nullable Long notes,
            @Nullable Double seconds,
            @Nullable Long callsPerNight,
            @Nullable Long videoCallsPerNight,
            @Nullable Long refreshCallsPerNight,
            @Nullable Double callsPerSecond,
            @Nullable Long bytesPerNight,
            @Nullable String stopAt,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            BigDecimal costPerNight) {

        /** @param settings null if they could not be read */
        static Limits of(@Nullable Long notes, @Nullable Duration maxDuration, @Nullable NightlySettings settings) {
            if (settings == null) {
                return new Limits(notes, seconds(maxDuration), null, null, null, null, null, null, null);
            }
            NightlyLimitProperties night = settings.limits();
            return new Limits(
                    notes,
                    seconds(maxDuration != null || night.maxDuration().isZero() ? maxDuration : night.maxDuration()),
                    orNone(settings.source().callsPerNight()),
                    orNone(settings.videos().callsPerNight()),
                    orNone(settings.refreshCallsPerNight()),
                    settings.source().callsPerSecond(),
                    orNone(night.bytesPerNight().toBytes()),
                    night.stopAt().isEmpty() ? null : night.stopAt(),
                    settings.callLimits().isOfCost() ? settings.callLimits().cost() : null);
        }

        private static @Nullable Long orNone(long limit) {
            return limit == 0 ? null : Long.valueOf(limit);
        }

        private static @Nullable Double seconds(@Nullable Duration duration) {
            return duration == null ? null : Double.valueOf(duration.toMillis() / 1000.0);
        }
    }

    /** Report of the night; {@code key} is null if it is not stored in the bucket. */
    record ReportJson(String file, @Nullable String key) {}

    /** @param node name of the node; null if the settings could not be read */
    static Map<String, @Nullable Object> of(
            FinishedRun end, @Nullable String node, Limits limits, NightReports.@Nullable WrittenReport report) {
        RunSummary summary = end.summary();
        RunSummary.RefreshSummary refreshes = summary.refreshes();
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("format", "note-archive/run-summary");
        document.put("version", VERSION);
        document.put("exitCode", summary.exitCode().number());
        document.put("exit", summary.exitCode().name());
        document.put("reason", summary.reason());
        document.put("next", summary.end().next());
        document.put("night", end.night().toString());
        document.put("node", node);
        document.put("began", end.began());
        document.put("ended", end.ended());
        document.put("tookSeconds", Limits.seconds(summary.took()));
        document.put("execution", summary.execution());
        document.put("instance", summary.instance());
        document.put("restart", summary.restart());
        document.put("notes", summary.notes());
        document.put("files", summary.files());
        document.put("calls", CallsJson.of(summary.bill(), summary.boughtAgain()));
        if (summary.cost() != null) {
            document.put("cost", summary.cost());
        }
        document.put("videos", CallsJson.of(summary.videos().bill(), null));
        document.put(
                "refreshes",
                new RefreshesJson(summary.counts().refreshes(), refreshes.due(), CallsJson.of(refreshes.bill(), null)));
        document.put("newFields", summary.newFields().stream().map(Field::of).toList());
        document.put("log", summary.log());
        document.put("limits", limits);
        document.put(
                "report",
                report == null ? null : new ReportJson(report.file().toString(), Objects.toString(report.key(), null)));
        return document;
    }
}
