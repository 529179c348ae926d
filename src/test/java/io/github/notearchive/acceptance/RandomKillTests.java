package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxSettings;
import io.github.notearchive.sandbox.SandboxSettings.Fault;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Nights that are killed several times at random moments and completed, with nothing lost, stuck, duplicated or bought
 * twice.
 *
 * <p>{@code -Dkills.count=200} sets the number of kills, {@code -Dkills.seed=N} the first seed: each night has the next
 * one, an even one has embedded servers, so that a night is repeated by its own seed and {@code -Dkills.count=1}.
 */
@Tag("matrix")
@ExtendWith(OutsideServers.Running.class)
class RandomKillTests {

    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final int RUNS = 12;

    /** Faults of a night, besides the kills. */
    private enum Faults {
        NONE,
        CODE_301,
        CODE_302,
        DEAD_FILES,
        QUOTA;

        static Faults draw(RandomGenerator random) {
            return random.nextInt(10) < 5 ? NONE : values()[1 + random.nextInt(4)];
        }

        SandboxSettings settings(long seed, Duration latency, int notes) {
            int quota = this == QUOTA ? notes / 2 : SandboxSettings.UNLIMITED;
            Map<Fault, Double> shares = switch (this) {
                case CODE_301 -> Map.of(Fault.FAIL_301, 0.15);
                case CODE_302 -> Map.of(Fault.FAIL_302, 0.03);
                case NONE, DEAD_FILES, QUOTA -> Map.of();
            };
            return new SandboxSettings(seed, quota, latency, shares, false);
        }
    }

    private final Matrix matrix = new Matrix(
            "random-kills", "night", "servers", "notes", "fault", "killed, ms after the start", "exit codes after");
    private final List<String> violations = new ArrayList<>();
    private Duration startUp = Duration.ofSeconds(4);
    private int kills;
    private int billingUnknown;
    private int notes;

    @Test
    void noKillAtARandomMomentLosesOrDoublesAnything() throws Exception {
        long seed = Long.getLong("kills.seed", new Random().nextInt(1_000_000));
        int count = Integer.getInteger("kills.count", 200);
        System.out.println("kills.seed=" + seed + " kills.count=" + count);
        long began = System.nanoTime();

        int nights = 0;
        while (kills < count) {
            new Night(seed + nights++).begin();
        }

        matrix.note("""
                Repeat with `-Dkills.seed=%d -Dkills.count=%d`, on a machine of %d processors.

                **%d kills in %d nights of %d notes**. Violations: %d. Billing unknown: %d. Took %d min.\
                """.formatted(
                        seed,
                        count,
                        Runtime.getRuntime().availableProcessors(),
                        kills,
                        nights,
                        notes,
                        violations.size(),
                        billingUnknown,
                        Duration.ofNanos(System.nanoTime() - began).toMinutes()));
        assertThat(violations).as("seed " + seed).isEmpty();
    }

    /** One practice: a list, some kills, and the way to its end. */
    private final class Night {

        private final long seed;
        private final RandomGenerator random;
        private final Place place;
        private final int size;
        private final Faults faults;
        private final List<String> deaths = new ArrayList<>();
        private final List<Integer> exits = new ArrayList<>();

        Night(long seed) {
            this.seed = seed;
            // the first numbers of neighbouring seeds are alike
            this.random = new Random(seed * 0x9E3779B97F4A7C15L);
            this.place = Math.floorMod(seed, 2) == 0 ? Place.EMBEDDED : Place.OUTSIDE;
            this.size = 30 + random.nextInt(31);
            this.faults = Faults.draw(random);
        }

        void begin() throws Exception {
            Duration latency = Duration.ofMillis(150 + random.nextInt(250));
            Duration mediaLatency = Duration.ofMillis(20 + random.nextInt(130));
            try (Practice practice = Practice.beginEmpty(place, faults.settings(seed, latency, size))) {
                practice.provider().script().latencySpread(0.7).mediaLatency(mediaLatency);
                List<String> ids = practice.ids();
                ids.addAll(practice.provider().noteIds(size));
                if (faults == Faults.DEAD_FILES) {
                    killFiles(practice.provider(), ids);
                }
                enqueue(practice);
                int kills = 5 + random.nextInt(5);
                for (int kill = 0; kill < kills; kill++) {
                    killARun(practice);
                }
                practice.settle();
                finish(practice);
                report(practice.audit());
            }
        }

        /** Replies 404 to every URL of the files of some notes. URLs are sent with the bar escaped. */
        private void killFiles(ScriptableSandbox provider, List<String> ids) {
            Set<String> dead = new HashSet<>();
            for (int note = 0; note < 3; note++) {
                Practice.targetsOf(provider, ids.get(random.nextInt(ids.size()))).stream()
                        .map(target -> target.replace("|", "%7C"))
                        .forEach(dead::add);
            }
            provider.script().media(dead::contains, Reply.status(404));
        }

        private void enqueue(Practice practice) {
            String list = practice.list();
            if (random.nextInt(3) == 0) {
                Program enqueue = practice.start("enqueue", list);
                long after = random.nextInt(6_000);
                if (!enqueue.endsWithin(Duration.ofMillis(after))) {
                    enqueue.kill();
                    kills++;
                    deaths.add("enqueue " + after);
                }
            }
            Ended ended = practice.call("enqueue", list).with(0);
            assertThat(ended.out())
                    .as("a list is on the worklist as a whole or not at all")
                    .containsAnyOf(size + " new", "0 new, " + size + " already known");
        }

        /**
         * One time in five at any moment of the start-up, which takes as long as it took the last time, else at any
         * moment from the first request, within what a part of the night takes.
         */
        private void killARun(Practice practice) {
            ScriptableSandbox provider = practice.provider();
            int before = provider.calls() + provider.mediaRequests();
            long began = System.nanoTime();
            Program run = practice.start("run");
            boolean anywhere = random.nextInt(5) == 0;
            if (!anywhere) {
                await().atMost(PATIENCE)
                        .pollInterval(Duration.ofMillis(10))
                        .until(() -> provider.calls() + provider.mediaRequests() > before || !run.isRunning());
            }
            boolean isSignalled = random.nextInt(4) == 0;
            if (!anywhere) {
                startUp = Duration.ofNanos(System.nanoTime() - began);
            }
            Duration wait = Duration.ofMillis(random.nextInt(anywhere ? Math.toIntExact(startUp.toMillis()) : 2_500));
            boolean ended = run.endsWithin(wait);
            if (!ended && isSignalled) {
                run.terminate();
                ended = run.endsWithin(Duration.ofMillis(random.nextInt(400)));
            }
            if (ended) {
                Ended by = practice.end(run);
                // 143, or a virtual machine that was not initialized: the signal came before the program could take it
                assertThat(by.exitCode())
                        .as(by::toString)
                        .matches(code -> Practice.DOCUMENTED.contains(code)
                                || code == 143
                                || by.out().startsWith("Error occurred during initialization of VM"));
                exits.add(by.exitCode());
                if (by.exitCode() == 3) {
                    practice.provider().script().unlimited();
                }
                return;
            }
            run.kill();
            kills++;
            deaths.add((isSignalled ? "term+" : "")
                    + Duration.ofNanos(System.nanoTime() - began).toMillis());
        }

        /** Runs, and acts on each exit code as an operator would, until a run completes and no note is open. */
        private void finish(Practice practice) {
            boolean force = faults == Faults.QUOTA && exits.contains(3);
            for (int run = 0; run < RUNS; run++) {
                Instant before = Instant.now();
                Ended ended = force ? practice.call("run", "--force") : practice.call("run");
                assertThat(ended.exitCode()).as(ended::toString).isIn(Practice.DOCUMENTED);
                exits.add(ended.exitCode());
                if (ended.exitCode() == 0 && !leavesReportedNotes(practice, before)) {
                    return;
                }
                if (ended.exitCode() == 3) {
                    practice.provider().script().unlimited();
                    force = true;
                }
                if (ended.exitCode() == 0 || ended.exitCode() == 6) {
                    practice.provider().script().clear();
                    practice.call("requeue", "--state", "POSTPONED", "--state", "FAILED")
                            .with(0);
                }
            }
            violations.add("night " + seed + " did not complete: " + exits);
        }

        /**
         * Whether notes that an earlier run reported are still open after a run with exit code 0. That run ended with
         * exit code 6 between the kills, or was killed after its end was stored and before its process ended. The next
         * run is a new instance without due notes. Any other open note is a violation: one that was due before the run
         * began, or one that no ended execution of its instance reported.
         */
        private boolean leavesReportedNotes(Practice practice, Instant before) {
            try (Archive archive = practice.look()) {
                long open = archive.number("SELECT count(*) FROM worklist WHERE state <> 'ARCHIVED'");
                long reported = archive.number("""
                        SELECT count(*) FROM worklist w
                        WHERE state IN ('POSTPONED', 'FAILED') AND (due_at IS NULL OR due_at > ?)
                          AND EXISTS (SELECT 1 FROM batch_job_execution s
                                      JOIN batch_job_execution e USING (job_instance_id)
                                      WHERE s.job_execution_id = w.settled_by AND e.exit_code = 'INCOMPLETE')
                        """, Timestamp.from(before));
                if (open > reported) {
                    violations.add("night " + seed + ": exit code 0 over " + (open - reported) + " unreported notes");
                }
                return open > 0 && open == reported;
            }
        }

        private void report(Audit audit) {
            matrix.add(
                    audit,
                    String.valueOf(seed),
                    place.name(),
                    String.valueOf(size),
                    faults.name(),
                    String.join(", ", deaths),
                    exits.toString());
            notes += size;
            billingUnknown += audit.billingUnknown();
            List<String> found = new ArrayList<>(audit.violations());
            if (audit.billingUnknown() > Practice.WORKERS * deaths.size()) {
                found.add(audit.billingUnknown() + " calls in flight at " + deaths.size() + " kills");
            }
            if (!found.isEmpty()) {
                found.forEach(violation -> violations.add("night " + seed + ": " + violation));
                System.out.println("night " + seed + ": " + found);
            }
        }
    }
}
