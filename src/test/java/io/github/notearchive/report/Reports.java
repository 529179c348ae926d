package io.github.notearchive.report;

import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.LogRepository.LogCheckpoint;
import io.github.notearchive.archive.query.CallTotals.Bill;
import io.github.notearchive.archive.query.RunHistory;
import io.github.notearchive.archive.query.RunHistory.Amount;
import io.github.notearchive.archive.query.RunHistory.AmountKind;
import io.github.notearchive.archive.query.RunHistory.CallClass;
import io.github.notearchive.archive.query.RunHistory.FindingCount;
import io.github.notearchive.archive.query.RunHistory.Left;
import io.github.notearchive.archive.query.RunHistory.NightFacts;
import io.github.notearchive.archive.query.RunHistory.OpenNote;
import io.github.notearchive.archive.query.RunHistory.Paid;
import io.github.notearchive.archive.query.RunHistory.RecordedRun;
import io.github.notearchive.archive.query.RunHistory.RunWork;
import io.github.notearchive.archive.query.RunHistory.StateTotals;
import io.github.notearchive.archive.query.RunHistory.StoreTotals;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.NightReport.Past;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Reports of nights without a database. */
final class Reports {

    static final String HOSTILE = "</td><script>alert(1)</script> & \"more\"";

    private static final Instant BEGAN = Instant.parse("2026-11-25T12:00:00Z");

    private Reports() {}

    /** A night, the tenth one, in which so many notes failed: with an entry in each part of the page, or of nothing. */
    static NightReport night(int notes) {
        if (notes == 0) {
            Left left = left(new RunWork(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0, "[]", "{}", null, null);
            RecordedRun run = new RecordedRun(
                    "main",
                    1L,
                    Night.of(BEGAN),
                    BEGAN,
                    BEGAN.plusSeconds(1),
                    "COMPLETED",
                    "the worklist has no due notes.",
                    Bill.NONE,
                    left);
            return new NightReport(
                    List.of(new Past(List.of(run))),
                    new NightFacts(List.of(), BEGAN, Duration.ofMillis(17), List.of(), List.of(), List.of()),
                    null);
        }
        List<Past> nights = new ArrayList<>();
        for (int ago = 9; ago > 0; ago--) {
            nights.add(new Past(List.of(run(20L - ago, ago, "COMPLETED", archived(notes, ago)))));
        }
        nights.add(new Past(List.of(run(20L, 0, "CRASHED", null), run(21L, 0, "QUOTA_EXHAUSTED", archived(notes, 0)))));
        return new NightReport(
                nights,
                new NightFacts(
                        examples(notes),
                        BEGAN,
                        Duration.ofSeconds(130),
                        IntStream.range(0, RunHistory.SLICES)
                                .boxed()
                                .flatMap(i -> amounts(i).stream())
                                .toList(),
                        List.of(
                                new CallClass("note-detail/v1", 0, null, Billed.YES, 375, 812L, 2_400L, 9_001L),
                                new CallClass("note-detail/v1", null, 502, Billed.UNKNOWN, 2, null, null, null)),
                        List.of(
                                new FindingCount(Damage.FindingKind.ORPHAN, 3),
                                new FindingCount(Damage.FindingKind.MISSING, 1))),
                new LogCheckpoint(12_345, "ab".repeat(32), null));
    }

    private static List<OpenNote> examples(int notes) {
        List<OpenNote> examples = new ArrayList<>();
        examples.add(new OpenNote(id(0), NoteState.FAILED, StateReason.REJECTED, 400, HOSTILE, HOSTILE, 1));
        for (int i = 1; i < 6; i++) {
            String title = i == 2 ? null : "周末去莫干山徒步，这条路线新手也能走完 " + i;
            examples.add(new OpenNote(
                    id(i),
                    NoteState.FAILED,
                    StateReason.MEDIA_INCOMPLETE,
                    0,
                    "IMAGE 2 GONE: HTTP 404 of 3 URLs",
                    title,
                    notes));
            examples.add(new OpenNote(
                    id(90 + i),
                    NoteState.POSTPONED,
                    StateReason.PROVIDER_ERROR,
                    301,
                    "code 301 after 5 calls",
                    null,
                    12));
        }
        return examples;
    }

    private static List<Amount> amounts(int slice) {
        List<Amount> amounts = new ArrayList<>();
        int wave = 40 + (slice * 37) % 23;
        amounts.add(new Amount(AmountKind.CODE, slice, "0", wave));
        if (slice % 5 == 2) {
            amounts.add(new Amount(AmountKind.CODE, slice, "301", wave / 6 + 1));
            amounts.add(new Amount(AmountKind.CODE, slice, "404", 4));
        }
        if (slice > 40 && slice < 46) {
            amounts.add(new Amount(AmountKind.CODE, slice, "HTTP 502", 15));
            amounts.add(new Amount(AmountKind.CODE, slice, "-", 6));
        }
        if (slice == RunHistory.SLICES - 1) {
            amounts.add(new Amount(AmountKind.CODE, slice, "303", 1));
        }
        if (slice != 30) {
            amounts.add(new Amount(AmountKind.LATENCY, slice, "p50", 700 + wave * 3));
            amounts.add(new Amount(
                    AmountKind.LATENCY, slice, "p95", 1_900 + wave * 11 + (slice > 40 && slice < 46 ? 3_000 : 0)));
        }
        amounts.add(new Amount(AmountKind.BYTES, slice, "image", wave * 400_000L));
        amounts.add(new Amount(AmountKind.BYTES, slice, "video", wave * (slice % 4) * 150_000L));
        amounts.add(new Amount(AmountKind.BYTES, slice, "audio", 900_000L));
        return amounts;
    }

    private static RecordedRun run(long execution, int nightsAgo, String exitCode, @Nullable Left left) {
        Instant began = BEGAN.minus(Duration.ofDays(nightsAgo)).plusSeconds(execution == 20 ? 0 : 600);
        return new RecordedRun(
                "main",
                execution,
                Night.of(began),
                began,
                began.plus(Duration.ofMinutes(100)),
                exitCode,
                left == null ? null : "the provider's daily quota was used up.",
                new Bill(2_713, 2_650, 23),
                left);
    }

    private static Left archived(int notes, int ago) {
        String reasons = """
                [{"state": "FAILED", "reason": "MEDIA_INCOMPLETE", "code": 0, "notes": %d},
                 {"state": "FAILED", "reason": "REJECTED", "code": 400, "notes": 1},
                 {"state": "POSTPONED", "reason": "PROVIDER_ERROR", "code": 301, "notes": 1234},
                 {"state": "POSTPONED", "reason": "PROVIDER_ERROR", "code": 500, "notes": 6},
                 {"state": "UNAVAILABLE", "reason": "NOT_FOUND", "code": 404, "notes": 31}]
                """.formatted(notes);
        RunWork work = new RunWork(
                2_370 + ago * 41,
                31 + ago * 9,
                112 - ago * 5,
                ago == 0 ? notes : 4,
                ago == 0 ? 10 : 0,
                0,
                11_480,
                2_300_000_000L,
                ago == 0 ? 3 : 0,
                14_500,
                ago == 0 ? 95 : 0);
        String survival = """
                {"1": {"share": 0.9981, "atRisk": 5210}, "7": {"share": 0.9712, "atRisk": 1480}, "30": {"share": 0.9033, "atRisk": 31}}
                """;
        return left(
                work,
                notes,
                reasons,
                "{\"archive.workers\": \"8\", \"archive.refresh\": \"never\"}",
                new Paid(new BigDecimal("397.50"), "CNY"),
                survival);
    }

    private static Left left(
            RunWork work,
            long failed,
            String reasons,
            String settings,
            @Nullable Paid paid,
            @Nullable String survival) {
        return new Left(
                work,
                failed == 0 ? null : 3_000L,
                new StateTotals(
                        failed == 0 ? 0 : 4_200,
                        failed == 0 ? 0 : 1_240,
                        failed == 0 ? 0 : 90_412,
                        31,
                        failed + 1,
                        failed == 0 ? 0 : 20),
                new StoreTotals(360_000, 7_300_000_000_000L, BEGAN.minus(Duration.ofDays(9)), 12, 3),
                reasons,
                settings,
                paid,
                survival);
    }

    private static String id(int number) {
        return "66%022d".formatted(number);
    }
}
