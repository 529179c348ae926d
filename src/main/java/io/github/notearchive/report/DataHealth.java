package io.github.notearchive.report;

import static io.github.notearchive.report.Health.Reason.when;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.LogRepository;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.query.MediaTotals;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.WorklistStats;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.report.Health.HealthCause;
import io.github.notearchive.report.Health.Reason;
import io.github.notearchive.report.HealthCheck.HealthProperties;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Stream;
import org.springframework.stereotype.Component;

/** Reasons of the health of the archive that concern its notes and files, not its runs. */
@Component
final class DataHealth {

    /** Number of failed notes that are examined for the id of an example. */
    private static final int EXAMINED = 1_000;

    private final WorklistStats worklist;
    private final ErasureList erased;
    private final MediaTotals media;
    private final AuditRepository audits;
    private final SchemaDrift drift;
    private final LogRepository log;
    private final HealthProperties settings;

    DataHealth(
            WorklistStats worklist,
            ErasureList erased,
            MediaTotals media,
            AuditRepository audits,
            SchemaDrift drift,
            LogRepository log,
            HealthProperties settings) {
        this.worklist = worklist;
        this.erased = erased;
        this.media = media;
        this.audits = audits;
        this.drift = drift;
        this.log = log;
        this.settings = settings;
    }

    Stream<Reason> erasures() {
        long erasures = erased.count().unfinished();
        return when(
                erasures > 0,
                HealthCause.FORGET_UNFINISHED,
                "erasures of notes or authors that are not finished: " + erasures,
                erasures);
    }

    /** Returns one reason per {@link StateReason}, since remedy and cost differ, and lesser renditions. */
    Stream<Reason> notes() {
        long degraded = media.degradedNotes();
        return Stream.concat(
                worklist.openNotes(EXAMINED).stream()
                        .filter(failed -> failed.state() == NoteState.FAILED)
                        .map(failed -> new Reason(
                                        HealthCause.NOTES_FAILED,
                                        DisplayFormat.plural(failed.notes(), "note")
                                                + " failed and will not be retried: "
                                                + failed.reason().meaning(),
                                        failed.reason().command(failed.example()))
                                .with(failed.notes(), failed.reason())),
                when(
                        degraded > 0,
                        HealthCause.DEGRADED_NOTES,
                        (degraded == 1 ? "1 archived note has" : DisplayFormat.count(degraded) + " archived notes have")
                                + " a file in a lesser rendition than the best one offered",
                        degraded));
    }

    Stream<Reason> findings() {
        Map<Damage.FindingKind, Long> damage = audits.countOpen();
        Map<Damage.FindingKind, Long> others = new EnumMap<>(damage);
        damage.keySet().removeIf(kind -> !isDamage(kind));
        others.keySet().removeAll(damage.keySet());
        return Stream.concat(
                when(
                        !damage.isEmpty(),
                        HealthCause.STORE_DAMAGED,
                        "the store differs from the tables: " + Damage.describe(damage),
                        sum(damage)),
                when(
                        !others.isEmpty(),
                        HealthCause.FINDINGS_OPEN,
                        "audits found " + Damage.describe(others),
                        sum(others)));
    }

    private static long sum(Map<Damage.FindingKind, Long> counts) {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Returns whether the store differs from the tables, which {@code verify --repair} corrects. */
    static boolean isDamage(Damage.FindingKind kind) {
        return switch (kind) {
            case UNREADABLE, ORPHAN, FORGOTTEN -> false;
            case MISSING, CORRUPT, SIZE, UNRECORDED, SIDECAR_MISSING, SIDECAR_CORRUPT, SIDECAR_STALE -> true;
        };
    }

    Stream<Reason> verification(Instant now) {
        AuditRepository.Verified verified = audits.verified(now);
        if (verified.never() > 0) {
            String files = DisplayFormat.plural(verified.never(), "file")
                    + (verified.never() < AuditRepository.MAX_NEVER_VERIFIED ? "" : " or more");
            String what =
                    " without usable time of verification: none since the tables were rebuilt, or one later than now";
            return Stream.of(new Reason(HealthCause.NEVER_VERIFIED, files + what).with(verified.never()));
        }
        return Stream.ofNullable(verified.oldest())
                .filter(oldest -> oldest.plus(settings.verifiedWithin()).isBefore(now))
                .map(oldest -> new Reason(
                                HealthCause.NOT_VERIFIED,
                                "a file was last verified " + HealthCheck.age(oldest, now) + "; the limit is "
                                        + settings.verifiedWithin().toDays() + " days")
                        .with(settings.verifiedWithin().toDays()));
    }

    Stream<Reason> log(Instant now) {
        return when(log.isBehind(now, settings.successWithin()), HealthCause.LOG_BEHIND, "captures are not logged");
    }

    Stream<Reason> newFields() {
        long fields = drift.unreviewed(1).fields();
        return when(
                fields > 0,
                HealthCause.NEW_FIELDS,
                DisplayFormat.plural(fields, "new field") + " in responses",
                fields);
    }
}
