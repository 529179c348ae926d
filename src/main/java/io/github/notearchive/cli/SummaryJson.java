package io.github.notearchive.cli;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.nightly.FinishedRun;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.report.NightReports;
import io.github.notearchive.store.ObjectKey;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * How a run ended and what it did, as one JSON document for a program: all that the console says.
 *
 * <p>It has the same fields however the run ended; {@code src/docs/run-summary.md} describes each. A field may be added
 * without notice. When one goes or changes its meaning, {@link #VERSION} is raised.
 */
@JsonPropertyOrder({"format", "version"})
record SummaryJson(
        String format,
        int version,
        int exitCode,
        String exit,
        String reason,
        String next,
        String night,
        @Nullable String node,
        Instant began,
        Instant ended,
        double tookSeconds,
        @Nullable Long execution,
        @Nullable Long instance,
        boolean restart,
        RunCounts.Notes notes,
        RunCounts.Files files,
        Calls calls,
        Calls videos,
        Refreshes refreshes,
        List<Field> newFields,
        Limits limits,
        @Nullable Report report) {

    /** Raised when a field goes, or changes its meaning. */
    static final int VERSION = 1;

    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    /** Requests to the provider, and what is charged for them. */
    record Calls(
            long made,
            long billed,
            long billingUnknown,
            @Nullable Long boughtAgain) {}

    /** Refreshes of archived notes, those still due, and calls for them. */
    record Refreshes(@JsonUnwrapped RunCounts.Refreshes counts, long due, Calls calls) {}

    /** A field that no answer had before. */
    record Field(String field, String exampleNote) {}

    /**
     * What bounded the run; null: nothing did, or the settings could not be read.
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
            @Nullable String stopAt) {}

    /** Where the report of the night lies; {@code key} is null when the bucket did not take it. */
    record Report(String file, @Nullable String key) {}

    /**
     * The document.
     *
     * @param node whose run it was; null when the settings could not be read
     */
    static SummaryJson of(
            FinishedRun end, @Nullable String node, Limits limits, NightReports.@Nullable Written report) {
        RunSummary summary = end.summary();
        RunSummary.Execution execution = summary.execution();
        RunSummary.Refreshes refreshes = summary.refreshes();
        return new SummaryJson(
                "note-archive/run-summary",
                VERSION,
                summary.exitCode().number(),
                summary.exitCode().name(),
                summary.reason(),
                summary.next(),
                end.night().toString(),
                node,
                end.began(),
                end.ended(),
                summary.took().toMillis() / 1000.0,
                summary.executionId(),
                execution == null ? null : Long.valueOf(execution.instance()),
                execution != null && execution.restart(),
                summary.notes(),
                summary.files(),
                calls(summary.bill(), summary.boughtAgain()),
                calls(summary.videos().bill(), null),
                new Refreshes(summary.counts().refreshes(), refreshes.due(), calls(refreshes.bill(), null)),
                summary.newFields().stream().map(SummaryJson::field).toList(),
                limits,
                report == null ? null : reportOf(report));
    }

    private static Calls calls(CallTotals.Bill bill, @Nullable Long boughtAgain) {
        return new Calls(bill.calls(), bill.billed(), bill.billingUnknown(), boughtAgain);
    }

    private static Report reportOf(NightReports.Written report) {
        ObjectKey key = report.key();
        return new Report(report.file().toString(), key == null ? null : key.value());
    }

    private static Field field(SchemaDrift.Found found) {
        return new Field(found.field().toString(), found.example().value());
    }

    /** The document as text, which ends in a line feed. */
    String text() {
        return MAPPER.writeValueAsString(this) + "\n";
    }
}
