package io.github.notearchive.telemetry;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.query.MediaTotals;
import java.time.Instant;
import java.util.Map;
import org.springframework.stereotype.Component;

/** Metrics of the stored files and of what audits found about them. */
@Component
final class FileStats {

    private final MediaTotals media;
    private final AuditRepository audits;

    FileStats(MediaTotals media, AuditRepository audits) {
        this.media = media;
        this.audits = audits;
    }

    void update(Meters meters, Instant now) {
        meters.set("notes.degraded", media.degradedNotes());
        MediaTotals.Volume stored = media.now();
        meters.set("media.objects", stored.files());
        meters.set("media.size", stored.bytes());
        AuditRepository.Verified verified = audits.verified(now);
        meters.set("fixity.oldest.verified.timestamp", Meters.seconds(verified.oldest()));
        meters.set("fixity.never.verified", verified.never());
        Map<Damage.FindingKind, Long> findings = audits.countOpen();
        for (Damage.FindingKind kind : Damage.FindingKind.values()) {
            meters.set("fixity.findings", findings.getOrDefault(kind, 0L), "kind", kind.name());
        }
    }
}
