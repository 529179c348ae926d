package io.github.notearchive.nightly.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.query.PlanStats;
import io.github.notearchive.archive.query.PlanStats.Group;
import io.github.notearchive.archive.query.PlanStats.Measured;
import io.github.notearchive.archive.query.PlanStats.MeasuredShare;
import io.github.notearchive.archive.query.PlanStats.WorkKind;
import io.github.notearchive.archive.worklist.LedgerProperties;
import io.github.notearchive.archive.worklist.WorklistStats.PlannedRefreshes;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.media.PreviewProperties;
import io.github.notearchive.nightly.NightlyLimitProperties;
import io.github.notearchive.nightly.NightlySettings;
import io.github.notearchive.nightly.plan.NightPlan.LeftOut;
import io.github.notearchive.provider.NightlyCalls;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.provider.VideoProperties;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.convert.ApplicationConversionService;

/** Plans computed from facts and settings, at ten past midnight in Shanghai. */
class PlanCalculatorTests {

    private static final Instant NOW = Instant.parse("2026-03-09T16:10:00Z");
    private static final LocalDate TONIGHT = LocalDate.of(2026, 3, 10);

    private final Map<String, String> settings = new HashMap<>();
    private final Map<WorkKind, Group> groups = new HashMap<>();
    private NightlyCalls made = NightlyCalls.NONE;
    private long storedBytes;
    private long refreshesDue;
    private long videosToBuy;
    private MeasuredShare videoShare = MeasuredShare.NONE;
    private List<Long> stops = List.of();
    private Optional<QuotaHolds.Closed> closed = Optional.empty();
    private Measured latency = new Measured(100, 0.5);
    private Measured files = new Measured(100, 1.5);
    private double perAnswer = 1;

    /** New notes, own limit, calls made, responses of nights with a used-up quota, calls per response; and the plan. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "10000  |     | 0   |            | 1    | 10000  | | 0      |        | 0",
                "400000 |     | 0   |            | 1    | 171600 | the time until 2026-03-11 00:00 Shanghai, 2.0 calls a second by archive.source.calls-per-second | 228400 | 172800 | 2",
                "1000   | 500 | 200 | 600        | 1    | 300    | our own limit of 500 calls a night | 700 | 500 | 2",
                "1000   |     | 0   | 90 80 1000 | 1.25 | 113    | the provider's quota, about 90 responses as met in 3 nights | | | 11",
                "10     |     | 0   | 0          | 1    | 10     | | 0 | | 0",
                "10     |     | 200 | 90         | 1    | 10     | | 0 | | 0",
            })
    void smallestLimitDecidesWhatIsLeftForLaterNights(
            long notes,
            @Nullable String limit,
            long made,
            @Nullable String stops,
            double perAnswer,
            long tonight,
            @Nullable String because,
            @Nullable Long left,
            @Nullable Long perNight,
            int laterNights) {
        notes(WorkKind.NEW, notes);
        settings.put("archive.source.calls-per-night", limit == null ? "0" : limit);
        this.made = new NightlyCalls(made, 0, 0, 0, 0);
        this.stops = stops == null
                ? List.of()
                : Stream.of(stops.split(" ")).map(Long::valueOf).toList();
        this.perAnswer = perAnswer;

        NightPlan plan = plan();

        assertThat(plan.calls().needed()).isEqualTo(notes);
        assertThat(plan.calls().expected()).isEqualTo((long) (notes * perAnswer));
        assertThat(plan.calls().tonight()).isEqualTo(tonight);
        assertThat(plan.calls().because()).isEqualTo(because);
        assertThat(plan.backlog().calls())
                .isEqualTo(left == null ? plan.backlog().calls() : left);
        assertThat(plan.backlog().perNight())
                .isEqualTo(perNight == null ? plan.backlog().perNight() : perNight);
        assertThat(plan.backlog().lastNight()).isEqualTo(TONIGHT.plusDays(laterNights));
        assertThat(plan.notKnown().stream().anyMatch(unknown -> unknown.startsWith("the provider's quota")))
                .isEqualTo(stops == null || stops.equals("0"));
    }

    /** Notes that are paid, all of kind HELD, or need a call; limits; milliseconds of the files; rate and duration. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "NEW  | 10000 | 2   | 32 | 1500 | 2   | archive.source.calls-per-second | 5002",
                "NEW  | 10    | 100 | 8  | 1500 | 16  | archive.source.calls-in-flight  | 3",
                "NEW  | 10    | 100 | 8  | 9500 | 3.2 | archive.workers                 | 13",
                "HELD | 320   | 2   | 32 | 1500 | 2   | archive.source.calls-per-second | 17",
            })
    void durationFollowsFromTheSlowestPart(
            WorkKind kind,
            long notes,
            String perSecond,
            String inFlight,
            long fileMillis,
            double rate,
            String bound,
            long seconds) {
        long paid = kind == WorkKind.HELD ? notes : 0;
        groups.put(kind, new Group(notes, paid, NOW));
        settings.put("archive.source.calls-per-second", perSecond);
        settings.put("archive.source.calls-in-flight", inFlight);
        files = new Measured(100, fileMillis / 1000.0);

        NightPlan plan = plan();

        assertThat(plan.calls().needed()).isEqualTo(notes - paid);
        assertThat(plan.duration().callsPerSecond()).isEqualTo(rate);
        assertThat(plan.duration().bound()).isEqualTo(bound);
        assertThat(plan.duration().expected()).isEqualTo(Duration.ofSeconds(seconds));
    }

    @Test
    void refreshesAreClaimedLastAndWithinTheirShare() {
        notes(WorkKind.NEW, 90);
        refreshesDue = 50;
        settings.put("archive.source.calls-per-night", "100");
        settings.put("archive.refresh.share", "0.3");

        NightPlan plan = plan();

        assertThat(plan.calls().needed()).isEqualTo(140);
        assertThat(plan.calls().tonight()).isEqualTo(100);
        assertThat(plan.backlog().calls()).as("of the backlog they are no part").isZero();
        assertThat(leftOut(plan, "calls beyond the limit of tonight")).isEqualTo(20);
        assertThat(leftOut(plan, "refreshes beyond")).isEqualTo(20);
    }

    @Test
    void videosAreSecondCallsWithALimitOfTheirOwn() {
        notes(WorkKind.NEW, 100);
        videosToBuy = 10;
        videoShare = new MeasuredShare(1000, 0.4);
        settings.put("archive.video.enabled", "true");
        settings.put("archive.video.calls-per-night", "20");

        NightPlan plan = plan();

        assertThat(plan.calls().needed()).isEqualTo(150);
        assertThat(plan.calls().tonight()).isEqualTo(120);
        assertThat(leftOut(plan, "calls for videos beyond")).isEqualTo(30);
        assertThat(plan.backlog().lastNight()).isEqualTo(TONIGHT.plusDays(2));
        assertThat(plan.backlog().because()).contains("calls for videos");
        assertThat(plan.notKnown()).anyMatch(unknown -> unknown.contains("40 % are assumed"));
    }

    @Test
    void timeIsALimitToo() {
        notes(WorkKind.NEW, 10_000);
        settings.put("archive.limits.bytes-per-night", "1GB");
        settings.put("archive.limits.stop-at", "00:15");
        settings.put("archive.limits.max-duration", "2m");
        NightPlan time = plan();

        assertThat(time.duration().end()).isEqualTo(NOW.plus(Duration.ofMinutes(2)));
        assertThat(time.calls().tonight()).isEqualTo(240);
        assertThat(time.backlog().perNight()).isEqualTo(240);
        assertThat(time.notKnown()).contains("how many notes archive.limits.bytes-per-night allows");
    }

    @Test
    void costIsThatOfOneBilledCallPerResponse() {
        notes(WorkKind.NEW, 1_000);
        assertThat(plan().calls().cost()).as("without prices").isNull();
        settings.put("archive.source.price.note", "0.15");
        settings.put("archive.source.cost-per-night", "30");
        made = new NightlyCalls(100, 0, 0, 20, 0);
        perAnswer = 1.25;

        NightPlan plan = plan();

        assertThat(plan.calls().tonight()).as("120 responses").isEqualTo(150);
        assertThat(plan.calls().because()).isEqualTo("our own limit of CNY 30.00 a night");
        assertThat(plan.backlog().perNight()).isEqualTo(250);
        assertThat(plan.backlog().calls()).isEqualTo(1_250 - 150);
        NightPlan.PlannedCost cost = Objects.requireNonNull(plan.calls().cost());
        assertThat(List.of(cost.spent(), cost.tonight(), cost.backlog()))
                .extracting(cost::in)
                .containsExactly("CNY 12.00", "CNY 18.00", "CNY 132.00");
    }

    @Test
    void closedGateAndUsedUpLimitsLeaveNothing() {
        notes(WorkKind.NEW, 30);
        settings.put("archive.source.calls-per-night", "20");
        settings.put("archive.limits.bytes-per-night", "1MB");
        made = new NightlyCalls(20, 0, 0, 0, 0);
        storedBytes = 1 << 20;
        closed = Optional.of(new QuotaHolds.Closed(303, "the daily quota", NOW, NOW.plusSeconds(3600), 7L));

        NightPlan plan = plan();

        assertThat(plan.obstacles())
                .satisfiesExactly(
                        gate -> assertThat(gate).startsWith("the daily quota is used up"),
                        calls -> assertThat(calls).startsWith("our own limit of 20 calls a night"),
                        bytes -> assertThat(bytes).startsWith("our own limit of 1MB of media"));
        assertThat(plan.calls().tonight()).isZero();
        assertThat(plan.calls().because()).isEqualTo(plan.obstacles().getFirst());
        assertThat(plan.duration().expected()).isZero();
        assertThat(plan.backlog().lastNight()).isEqualTo(TONIGHT.plusDays(2));
    }

    @Test
    void closedGateLeavesWhatNeedsNoCall() {
        notes(WorkKind.NEW, 30);
        notes(WorkKind.BETTER, 4);
        closed = Optional.of(new QuotaHolds.Closed(303, "the daily quota", NOW, NOW.plusSeconds(3600), 7L));

        NightPlan plan = plan();

        assertThat(plan.obstacles()).isEmpty();
        assertThat(plan.calls().tonight()).isZero();
        assertThat(plan.calls().because()).startsWith("the daily quota is used up");
        assertThat(plan.duration().expected()).isPositive();
    }

    @Test
    void unmeasuredValuesAreAssumedAndMarked() {
        notes(WorkKind.NEW, 100);
        latency = new Measured(0, 0);
        files = new Measured(0, 0);

        NightPlan plan = plan();

        assertThat(plan.duration().latency()).isEqualTo(Duration.ofSeconds(1));
        assertThat(plan.duration().measuredCalls()).isZero();
        assertThat(plan.notKnown())
                .anyMatch(unknown -> unknown.contains("1 s and a response to each are assumed"))
                .anyMatch(unknown -> unknown.contains("3 s are assumed"));
    }

    private void notes(WorkKind kind, long notes) {
        groups.put(kind, new Group(notes, 0, NOW));
    }

    private static long leftOut(NightPlan plan, String why) {
        return plan.leftOut().stream()
                .filter(of -> of.why().startsWith(why))
                .mapToLong(LeftOut::notes)
                .sum();
    }

    private NightPlan plan() {
        return new PlanCalculator(
                        NOW,
                        false,
                        false,
                        closed,
                        new PlanStats.PlannedWork(
                                groups,
                                List.of(),
                                0,
                                0,
                                new PlannedRefreshes(refreshesDue, refreshesDue, null),
                                true,
                                videosToBuy),
                        List.of(),
                        made,
                        storedBytes,
                        new PlanStats.Measurements(
                                videoShare, new PlanStats.MeasuredCalls(latency, perAnswer), files, stops),
                        new NightlySettings(
                                bound("archive", ArchiveProperties.class),
                                bound("archive.source", NoteSourceProperties.class),
                                bound("archive.limits", NightlyLimitProperties.class),
                                bound("archive.video", VideoProperties.class),
                                bound("archive.refresh", RefreshProperties.class),
                                bound("archive.ledger", LedgerProperties.class),
                                bound("archive.media", PreviewProperties.class)))
                .plan();
    }

    private <T> T bound(String prefix, Class<T> type) {
        return new Binder(
                        List.of(new MapConfigurationPropertySource(settings)),
                        null,
                        ApplicationConversionService.getSharedInstance(),
                        null)
                .bindOrCreate(prefix, type);
    }
}
