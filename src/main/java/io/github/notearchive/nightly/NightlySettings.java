package io.github.notearchive.nightly;

import io.github.notearchive.archive.worklist.LedgerProperties;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.media.PreviewProperties;
import io.github.notearchive.provider.NightlyLimits;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.provider.VideoProperties;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Settings that determine what a run does. */
public record NightlySettings(
        ArchiveProperties archive,
        NoteSourceProperties source,
        NightlyLimitProperties limits,
        VideoProperties videos,
        RefreshProperties refreshes,
        LedgerProperties ledger,
        PreviewProperties previews) {

    /** Returns the limit of calls for refreshes in a night; 0 for none. */
    public int refreshCallsPerNight() {
        return refreshes.callsAllowed(source.callsPerNight());
    }

    public NightlyLimits callLimits() {
        return NightlyLimits.of(source, videos, refreshes);
    }

    /** Returns the settings by name, for the report. Contains no secrets. */
    Map<String, String> byName() {
        Map<String, String> settings = new TreeMap<>();
        settings.put("archive.workers", String.valueOf(archive.workers()));
        settings.put("archive.retry.per-night", String.valueOf(archive.retry().perNight()));
        settings.put("archive.retry.per-life", String.valueOf(archive.retry().perLife()));
        settings.put("archive.source.base-url", source.baseUrl().toString());
        settings.put("archive.source.calls-per-second", String.valueOf(source.callsPerSecond()));
        settings.put("archive.source.calls-in-flight", String.valueOf(source.callsInFlight()));
        settings.put("archive.source.calls-per-night", orNone(source.callsPerNight()));
        if (callLimits().isOfCost()) {
            String cost = DisplayFormat.money(source.price().currency(), source.costPerNight());
            settings.put("archive.source.cost-per-night", cost);
        }
        String bytes = limits.bytesPerNightInWords();
        settings.put("archive.limits.bytes-per-night", limits.bytesPerNight().toBytes() == 0 ? orNone(0) : bytes);
        settings.put("archive.limits.stop-at", limits.stopAt().isEmpty() ? "none" : limits.stopAt());
        Duration time = limits.maxDuration();
        settings.put("archive.limits.max-duration", time.isZero() ? "none" : DisplayFormat.setting(time));
        settings.put("archive.video.enabled", String.valueOf(videos.enabled()));
        settings.put("archive.video.calls-per-night", orNone(videos.callsPerNight()));
        settings.put("archive.media.preview", previews.preview().name().toLowerCase(Locale.ROOT));
        settings.put("archive.refresh", refreshes.policy());
        settings.put("archive.ledger.reuse-for", ledger.reuseFor().toHours() + "h");
        settings.put("archive.ledger.buy-again", String.valueOf(ledger.buyAgain()));
        return settings;
    }

    private static String orNone(int limit) {
        return limit == 0 ? "0 (no limit)" : String.valueOf(limit);
    }
}
