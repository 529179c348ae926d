package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.LedgerProperties;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.note.Spans;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.provider.VideoProperties;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Settings that determine what a run does, by name, for the report. Contains no secrets. */
@Component
class SettingsInForce {

    private final ArchiveProperties archive;
    private final NoteSourceProperties source;
    private final NightlyLimitProperties limits;
    private final VideoProperties video;
    private final RefreshProperties refresh;
    private final LedgerProperties ledger;

    SettingsInForce(
            ArchiveProperties archive,
            NoteSourceProperties source,
            NightlyLimitProperties limits,
            VideoProperties video,
            RefreshProperties refresh,
            LedgerProperties ledger) {
        this.archive = archive;
        this.source = source;
        this.limits = limits;
        this.video = video;
        this.refresh = refresh;
        this.ledger = ledger;
    }

    Map<String, String> byName() {
        Map<String, String> settings = new TreeMap<>();
        settings.put("archive.workers", String.valueOf(archive.workers()));
        settings.put("archive.retry.per-night", String.valueOf(archive.retry().perNight()));
        settings.put("archive.retry.per-life", String.valueOf(archive.retry().perLife()));
        settings.put("archive.source.base-url", source.baseUrl().toString());
        settings.put("archive.source.calls-per-second", String.valueOf(source.callsPerSecond()));
        settings.put("archive.source.calls-in-flight", String.valueOf(source.callsInFlight()));
        settings.put("archive.source.calls-per-night", orNone(source.callsPerNight()));
        settings.put(
                "archive.limits.bytes-per-night",
                limits.bytesPerNight().toBytes() == 0 ? orNone(0) : limits.bytesPerNightInWords());
        settings.put("archive.limits.stop-at", limits.stopAt().isEmpty() ? "none" : limits.stopAt());
        settings.put(
                "archive.limits.max-duration",
                limits.maxDuration().isZero() ? "none" : Spans.inWords(limits.maxDuration()));
        settings.put("archive.video.enabled", String.valueOf(video.enabled()));
        settings.put("archive.video.calls-per-night", orNone(video.callsPerNight()));
        settings.put("archive.refresh", refresh.policy());
        settings.put("archive.ledger.reuse-for", ledger.reuseFor().toHours() + "h");
        settings.put("archive.ledger.buy-again", String.valueOf(ledger.buyAgain()));
        return settings;
    }

    /** Returns the configured limit of calls per night; null for none. */
    @Nullable
    Long callsAllowed() {
        return source.callsPerNight() == 0 ? null : Long.valueOf(source.callsPerNight());
    }

    private static String orNone(int limit) {
        return limit == 0 ? "0 (no limit)" : String.valueOf(limit);
    }
}
