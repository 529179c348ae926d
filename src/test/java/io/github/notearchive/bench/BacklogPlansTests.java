package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.query.MediaTotals;
import io.github.notearchive.archive.query.RunHistory;
import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.archive.worklist.ClaimRepository.Lanes;
import io.github.notearchive.archive.worklist.Enqueuer;
import io.github.notearchive.archive.worklist.Transition.Cause;
import io.github.notearchive.archive.worklist.Transition.StateTransition;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRepository.Settlement;
import io.github.notearchive.archive.worklist.WorklistStats;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.nightly.FinishedRun;
import io.github.notearchive.nightly.NightlySettings;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.nightly.plan.NightPlanner;
import io.github.notearchive.note.Night;
import java.io.StringReader;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Statements of runs and commands on a worklist. None of them reads a table as a whole. */
@Isolated("hears the logs of the whole JVM")
class BacklogPlansTests {

    static final String NODE = "main";

    /** What a plan must not read from end to end, unless nothing is in it. */
    private static final Pattern READ_WHOLE = Pattern.compile(
            "Seq Scan on (worklist|api_call|media_object|note_media|note_capture)( \\w+)?  \\(cost=(?!0\\.00\\.\\.0\\.00 )");

    @Test
    void nothingReadsTheWorklistLedgerOrMediaFromEndToEnd() throws Exception {
        try (BigWorklist big = new BigWorklist(60_000, 9, 2)) {
            assertThat(plansThatReadATable(big)).isEmpty();
        }
    }

    /** By name, in the order of a run. */
    static Map<String, BigWorklist.Task> all() {
        Map<String, BigWorklist.Task> tasks = new LinkedHashMap<>();
        tasks.put("claim, settle", BacklogPlansTests::claimAndSettle);
        tasks.put("claim, release", parts -> {
            ClaimRepository claims = parts.get(ClaimRepository.class);
            claims.claim(NODE, Lanes.ALL).ifPresent(claims::release);
        });
        tasks.put("claim of a refresh, release", parts -> {
            ClaimRepository claims = parts.get(ClaimRepository.class);
            claims.claim(NODE, Lanes.REFRESHES).ifPresent(claims::release);
        });
        tasks.put("outlook", parts -> parts.get(ClaimRepository.class).pendingWork(NODE, Lanes.ALL));
        tasks.put("is a refresh due", parts -> parts.get(ClaimRepository.class).isRefreshDue(NODE));
        tasks.put("count what is due", parts -> parts.get(WorklistStats.class).countDue(10_000_000, Instant.now()));
        tasks.put("renew leases", parts -> parts.get(ClaimRepository.class).renewLeases(NODE));
        tasks.put(
                "count what executions left",
                parts -> parts.get(WorklistStats.class).countOpenOf(List.of(1L, 2L)));
        tasks.put("begin: recover, release all", parts -> parts.call("runRecovery", "recover", NODE));
        tasks.put("begin: plan refreshes, unchanged", parts -> parts.call("refreshPlan", "planAllIfChanged"));
        tasks.put(
                "begin: empty old copies",
                parts -> parts.get(PaidResponses.class)
                        .clearResponsesBefore(
                                Instant.now().minus(Duration.ofDays(7)), Duration.ofMinutes(1), PaidResponses.BATCH));
        tasks.put(
                "begin: count the night's calls",
                parts -> parts.get(CallRepository.class).count(Night.current(parts.get(Clock.class))));
        tasks.put("end: keep how it ended", BacklogPlansTests::keep);
        tasks.put("files in all", parts -> parts.get(MediaTotals.class).now());
        tasks.put("last runs", parts -> parts.get(RunHistory.class).latest(10));
        tasks.put("`status`", BigWorklist.Parts::status);
        tasks.put("`plan`", parts -> parts.get(NightPlanner.class).plan());
        tasks.put("enqueue 1 id", parts -> enqueue(parts, 1));
        tasks.put("enqueue 10,000 ids", parts -> enqueue(parts, 10_000));
        return tasks;
    }

    /** Returns the plans of tasks that read a table from end to end. */
    static List<String> plansThatReadATable(BigWorklist big) throws Exception {
        List<String> whole = new ArrayList<>();
        for (Map.Entry<String, BigWorklist.Task> task : all().entrySet()) {
            List<String> plans = big.plansOf(task.getValue());
            assertThat(plans).as("plans of " + task.getKey()).isNotEmpty();
            plans.stream()
                    .filter(plan -> READ_WHOLE.matcher(plan).find())
                    .forEach(plan -> whole.add(task.getKey() + ": " + plan));
        }
        return whole;
    }

    static void claimAndSettle(BigWorklist.Parts parts) {
        WorklistItem note =
                parts.get(ClaimRepository.class).claim(NODE, Lanes.ALL).orElseThrow();
        StateTransition archived = StateTransition.archived(null, Cause.NONE);
        parts.get(WorklistRepository.class)
                .settle(List.of(new Settlement(note, note.row().apply(archived, Instant.now()), 7)));
    }

    private static void keep(BigWorklist.Parts parts) {
        Instant now = Instant.now();
        RunSummary refused = RunSummary.notStarted(ExitCode.QUOTA_EXHAUSTED, "as a trial", Duration.ZERO);
        parts.get(RunHistory.class)
                .record(new FinishedRun(now, now, refused).row(NODE, parts.get(NightlySettings.class)));
    }

    /** Of the time at which they are enqueued, as ids of notes are. */
    static void enqueue(BigWorklist.Parts parts, int notes) {
        parts.get(Enqueuer.class)
                .enqueue(new StringReader(ids(notes)), new Enqueuer.Options(null, 5, "bench"), _ -> {}, null);
    }

    static String ids(int notes) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        StringBuilder ids = new StringBuilder(notes * 25);
        for (int i = 0; i < notes; i++) {
            ids.append("%08x%016x".formatted(0x62000000 + random.nextInt(0x7000000), random.nextLong()))
                    .append('\n');
        }
        return ids.toString();
    }
}
