package io.github.notearchive.histories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.github.notearchive.archive.catalog.LogRepository.LogEntry;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.worklist.Enqueuer.EnqueueReport;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.histories.ArchiveModel.Source;
import io.github.notearchive.histories.History.Action;
import io.github.notearchive.histories.History.Step;
import io.github.notearchive.histories.Seen.Slot;
import io.github.notearchive.maintenance.MaintenanceScenario;
import io.github.notearchive.maintenance.remap.RemapRunner;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifySummary;
import io.github.notearchive.maintenance.waive.Waiver.NotWaivedException;
import io.github.notearchive.nightly.NightServers;
import io.github.notearchive.nightly.NightlyScenario;
import io.github.notearchive.nightly.RunOptions;
import io.github.notearchive.nightly.RunStopper;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.nightly.TableDump;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import io.github.notearchive.sandbox.SandboxScript;
import io.github.notearchive.store.ObjectKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.io.FileUtils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;

/** Executes histories on a real archive, and compares it with the {@link ArchiveModel} after each step. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class HistoryFixture extends MaintenanceScenario {

    public static final String SETTINGS = """
            archive.workers=4
            archive.source.connect-timeout=500ms
            archive.source.response-timeout=1s
            """;

    /** A port that no server has. */
    private static final int CLOSED = 1;

    private static final String EAST = "east";
    /** Steps of a history. */
    private static final int LENGTH = Integer.getInteger("histories.length", 10);

    /** Time for dropping steps of a history that fails. */
    private static final Duration SHRINKING = Duration.ofSeconds(Long.getLong("histories.shrinking", 40));

    private static final Set<ExitCode> UNFORESEEN = Set.of(ExitCode.FAILED, ExitCode.USAGE, ExitCode.ALREADY_RUNNING);

    @Autowired
    private KillSwitch kill;

    @Autowired
    private RunStopper runs;

    @Autowired
    private RemapRunner remapper;

    @Autowired
    private WorklistRepository worklist;

    private ConfigurableApplicationContext another;
    private NightlyScenario east;
    private List<String> notes;
    private Map<String, Source> sources;

    private ArchiveModel model;
    private @Nullable TableDump dump;

    /** Objects before they were damaged, by key. */
    private final Map<String, byte[]> copies = new HashMap<>();

    @BeforeAll
    void start() {
        another = NightServers.anotherNode(EAST);
        east = another.getBean(NightlyScenario.class);
        notes = Stream.of(
                        night.provider().noteIds(SandboxNoteKind.IMAGES, 20).stream()
                                .filter(note -> night.pictures(note).size() <= 3)
                                .limit(3),
                        night.provider().noteIds(SandboxNoteKind.TEXT, 2).stream(),
                        night.provider().noteIds(SandboxNoteKind.LIVE_PHOTOS, 20).stream()
                                .filter(note -> night.pictures(note).size() <= 3)
                                .limit(1),
                        night.provider().noteIds(SandboxNoteKind.MUSIC, 20).stream()
                                .filter(note -> night.pictures(note).size() <= 3)
                                .limit(1))
                .flatMap(kind -> kind)
                .toList();
        assertThat(notes).hasSize(History.NOTES);
        sources = sources();
    }

    @AfterAll
    void stop() {
        another.close();
    }

    /** Executes the history of a seed. */
    protected final void assertKeeps(long seed) {
        String given = System.getProperty("histories.steps", "");
        assertKeeps(seed, given.isEmpty() ? History.of(seed, LENGTH) : History.parse(given));
    }

    /** Executes a history; one that fails is executed again without the steps that it does not need to fail. */
    private void assertKeeps(long seed, History history) {
        String failure = failureOf(history);
        if (failure != null) {
            System.out.println("seed %d failed: %s%n%s".formatted(seed, failure, history));
            Instant end = Instant.now().plus(SHRINKING);
            History smallest = history.shrunk(shorter -> Instant.now().isBefore(end) && failureOf(shorter) != null);
            fail(
                    "seed %d: %s%n%d of %d steps remain, -Dhistories.steps='%s'",
                    seed, failure, smallest.steps().size(), history.steps().size(), smallest);
        }
    }

    /** Returns what is wrong with a history at its first wrong step; null if nothing is. */
    private @Nullable String failureOf(History history) {
        int number = 0;
        Object step = "begin";
        try {
            night.begin();
            FileUtils.deleteDirectory(eastSpool().toFile());
            model = new ArchiveModel(sources);
            dump = null;
            copies.clear();
            for (Step each : history.steps()) {
                step = ++number + ", " + each;
                execute(each);
            }
            step = "the end";
            end();
            return null;
        } catch (Exception | AssertionError e) {
            StackTraceElement[] trace = e.getStackTrace();
            String message = e.toString().replaceAll("(.{1500}).*", "$1");
            return "step %s: %s%s".formatted(step, message, trace.length == 0 ? "" : "\n\tat " + trace[0]);
        } finally {
            kill.disarm();
            mend();
        }
    }

    private void execute(Step step) throws Exception {
        String note = notes.get(step.note());
        Seen before = see();
        switch (step.action()) {
            case ENQUEUE ->
                enqueue(IntStream.rangeClosed(step.note(), step.note() + step.number())
                        .mapToObj(i -> notes.get(i % notes.size()))
                        .toList());
            case MIDNIGHT -> passDays(1);
            case EIGHT_DAYS -> passDays(8);
            case REFRESH -> refresh(note);
            case REQUEUE -> worklist.requeue(List.of(new NoteId(note)));
            case WAIVE -> waiveFirst(note, before, step);
            case DAMAGE -> damage(note, before, step.number());
            case VERIFY -> {
                VerifySummary audit = killedAt(step, () -> audits.verify(REPAIR));
                if (audit != null && audit.exitCode() == ExitCode.COMPLETED) {
                    assertRebuildable();
                }
            }
            case FORGET -> {
                until(step, () -> forget(note));
                model.erased(note, before);
            }
            case DUMP -> {
                dump = TableDump.of(night.sql());
                model.dumped();
            }
            case RESTORE -> {
                if (dump != null) {
                    dump.restore();
                    recover(true, step);
                    dump = null;
                }
            }
            case REBUILD -> {
                if (!before.nightsOfSidecars(false).isEmpty()) {
                    loseTheDatabase();
                    recover(false, step);
                }
            }
            case REMAP -> killedAt(step, () -> remapper.remap(true, false, null));
            default -> {
                boolean isQuotaUsed = night(step, note) == ExitCode.QUOTA_EXHAUSTED;
                if (step.action() == Action.NIGHT_DEAD_FILES) {
                    model.died(note); // also those of an older response
                }
                check(model.checkNight(tonight(), before, see()));
                if (isQuotaUsed) {
                    model.quotaUsed(tonight());
                }
                if (step.action() == Action.NIGHT_DEAD_FILES) {
                    model.died(note); // also those of the response of this night
                }
            }
        }
        Seen after = see();
        if (!step.action().name().contains("N")) {
            assertThat(after.asked()).isEqualTo(before.asked());
        }
        check(model.check(after));
    }

    private static void check(List<String> wrong) {
        assertThat(wrong).isEmpty();
    }

    // nights

    /** Returns how a night ended that ran to its end. */
    private @Nullable ExitCode night(Step step, String note) throws Exception {
        RunSummary ended = null;
        SandboxScript script = night.script().clear().unlimited();
        switch (step.action()) {
            case NIGHT_CODE_301 -> script.answers(note, Reply.code(301), Reply.code(301), Reply.normal());
            case NIGHT_RESET -> script.answers(note, Reply.reset(), Reply.normal());
            case NIGHT_LOST -> script.answers(note, Reply.lost(), Reply.truncated(), Reply.normal());
            case NIGHT_TIMEOUT -> script.answers(note, Reply.hang(), Reply.normal());
            case NIGHT_ABSENT -> script.answers(note, Reply.json("{\"code\":0,\"data\":[]}"));
            case NIGHT_DEAD_FILES -> files(note, Reply.status(404));
            case NIGHT_FAILING_FILES -> files(note, step.number() == 0 ? Reply.truncated() : Reply.status(503));
            case NIGHT_QUOTA -> {
                night.isDaysLater(0); // after midnight code 303 only pauses calls
                script.grants(1 + step.number());
            }
            default -> {}
        }
        switch (step.action()) {
            case NIGHT_PASSES_MIDNIGHT -> {
                Instant midnight = night.midnight();
                kill.arm(step.moment(), false, false, () -> night.clock().set(midnight.plusMillis(1)));
                assertForeseen(night.run());
                kill.disarm();
            }
            case NIGHT_OUTAGE -> lostAt(step, false, night::run);
            case TWO_NODES -> {
                CompletableFuture<RunSummary> beside = east.runAside(new RunOptions(null, null, false, EAST));
                killedAt(step, () -> assertForeseen(night.run()));
                assertForeseen(NightlyScenario.ended(beside));
            }
            default -> ended = killedAt(step, () -> assertForeseen(night.run()));
        }
        script.clear().unlimited().releaseHung();
        NightlyScenario.await(
                "the provider is done with all calls",
                () -> night.provider().callsSeen().size() >= night.provider().calls());
        return ended == null ? null : ended.exitCode();
    }

    private static RunSummary assertForeseen(RunSummary run) {
        assertThat(run.exitCode()).as(run.toString()).isNotIn(UNFORESEEN);
        return run;
    }

    private void files(String note, Reply reply) {
        night.pictures(note).forEach(name -> night.script().media(target -> target.contains(name), reply));
    }

    private long tonight() {
        return night.today().date().toEpochDay();
    }

    private void passDays(int days) {
        night.isDaysLater(days);
        update("UPDATE worklist SET claimed_until = now() - interval '1 second' WHERE claimed_until IS NOT NULL");
    }

    // commands

    private void enqueue(Collection<String> ids) {
        List<String> erased = ids.stream().filter(model::isErased).toList();
        List<String> wanted = ids.stream().filter(id -> !model.isErased(id)).toList();
        model.enqueued(wanted);
        EnqueueReport report = night.enqueue(new ArrayList<>(ids), 5, null, null);
        assertThat(report.rejected()).as("erased notes").isEqualTo(erased.size());
    }

    private void refresh(String note) {
        if (!model.isErased(note)) {
            LocalDate today = night.today().date();
            night.enqueue(List.of(note), 5, null, today);
            model.enqueued(List.of(note));
            model.refreshed(note, today.toEpochDay());
        }
    }

    private void waiveFirst(String note, Seen before, Step step) throws Exception {
        Slot missing = before.slots().stream()
                .filter(slot -> slot.note().equals(note) && slot.state().equals("MISSING"))
                .findFirst()
                .orElse(null);
        if (missing == null) {
            return;
        }
        model.waived(note, missing);
        killedAt(step, () -> {
            try {
                return waiver.waive(new NoteId(note), MediaKind.valueOf(missing.kind()), missing.ordinal(), "lost");
            } catch (NotWaivedException e) {
                return e;
            }
        });
    }

    /** Deletes or changes a file of a note, or deletes its oldest sidecar. */
    private void damage(String note, Seen before, int number) throws IOException {
        String key = (number == 3
                        ? before.sidecars().entrySet().stream()
                                .filter(sidecar -> sidecar.getValue().equals(note))
                                .map(Map.Entry::getKey)
                        : before.slots().stream()
                                .filter(slot -> slot.note().equals(note) && slot.key() != null)
                                .map(Slot::key))
                .sorted()
                .findFirst()
                .orElse(null);
        if (key == null || !before.objects().containsKey(key)) {
            return;
        }
        model.damaged(key);
        copies.put(key, before.objects().get(key));
        if (number == 1) {
            byte[] bytes = before.objects().get(key).clone();
            bytes[bytes.length / 2]++;
            Files.write(path(key), bytes);
        } else {
            Files.delete(path(key));
        }
    }

    /** Merges the tables with the bucket, after a kill once more, and enqueues the lists again. */
    private void recover(boolean isOfDump, Step step) throws Exception {
        Seen before = see();
        model.merged(isOfDump, before.nightsOfSidecars(false), before.nightsOfSidecars(true));
        ExitCode expected = before.hasLostFile() ? ExitCode.INCOMPLETE : ExitCode.COMPLETED;
        // without sidecars there may be no bucket; a merge does not look for the files of a capture that has its rows
        ExitCode orElse = before.nightsOfSidecars(false).isEmpty() ? ExitCode.USAGE : expected;
        Callable<?> merge =
                () -> isOfDump ? assertThat(merge().exitCode()).isIn(ExitCode.COMPLETED, orElse) : rebuild(expected);
        boolean isKilled = killedAt(step, merge) == null;
        // a rebuild that was killed after its last shard is complete
        if (isKilled && (isOfDump || count("worklist") == 0 || count("scan_shard WHERE done_at IS NULL") > 0)) {
            Object _ = merge.call();
        }
        enqueue(model.listed());
        enqueue(model.erased());
    }

    /** Executes a command that is repeated after a kill. */
    private <T> void until(Step step, Callable<T> command) throws Exception {
        if (killedAt(step, command) == null) {
            T _ = command.call();
        }
    }

    // kills

    /** Executes an action that is killed at a moment; returns null if it was. */
    private <T> @Nullable T killedAt(Step step, Callable<T> action) throws Exception {
        return step.moment() == 0 ? action.call() : lostAt(step, true, action);
    }

    /** Takes the servers away at a moment; a killed process keeps no response in a file from then on. */
    private <T> @Nullable T lostAt(Step step, boolean isKilled, Callable<T> action) throws Exception {
        Set<Path> spooled = new HashSet<>();
        CompletableFuture<Void> lost = new CompletableFuture<>();
        night.wayToProvider().holdRequests(_ -> !kill.passes());
        night.wayToStore().holdRequests(_ -> !kill.passes());
        kill.arm(step.moment(), true, step.moment() > History.MOMENTS, () -> {
            spooled.addAll(spooled());
            Thread.startVirtualThread(() -> {
                try {
                    night.wayToProvider().leadTo(CLOSED);
                    night.wayToStore().leadTo(CLOSED);
                    runs.close(ExitCode.UPSTREAM_UNAVAILABLE, "killed");
                } finally {
                    lost.complete(null);
                }
            });
        });
        boolean isDead = false;
        T result = null;
        try {
            result = action.call();
        } catch (Exception | AssertionError e) {
            if (!kill.isDead()) {
                throw e;
            }
        } finally {
            isDead = kill.isDead();
            if (isDead) {
                lost.join();
            }
            mend();
            if (isDead && isKilled) {
                for (Path file : spooled()) {
                    if (!spooled.contains(file)) {
                        Files.delete(file);
                    }
                }
            }
            kill.disarm();
        }
        return isDead ? null : result;
    }

    private void mend() {
        night.wayToProvider().mend();
        night.wayToStore().mend();
        night.wayToProvider().release();
        night.wayToStore().release();
    }

    private Path eastSpool() {
        return night.answerFiles()
                .resolveSibling("../work-" + EAST + "/answers")
                .normalize();
    }

    private Set<Path> spooled() {
        Set<Path> files = new HashSet<>();
        for (Path directory : List.of(night.answerFiles(), eastSpool())) {
            if (Files.exists(directory)) {
                files.addAll(FileUtils.listFiles(directory.toFile(), new String[] {"answer"}, true).stream()
                        .map(java.io.File::toPath)
                        .toList());
            }
        }
        return files;
    }

    // after an audit

    /**
     * Rebuilds into empty tables and compares the rows of notes that no run works on and that are not due, then takes
     * tables and bucket back.
     */
    private void assertRebuildable() throws IOException {
        Seen before = see();
        Long[] restorable =
                before.sidecarsInBucket().stream().map(Sidecar::callId).toArray(Long[]::new);
        List<String> inProgress = texts("""
                        SELECT note_id FROM worklist w
                        WHERE claim_id IS NOT NULL OR sidecar_due IS NOT NULL OR state = 'PENDING'
                           OR EXISTS (SELECT 1 FROM api_call c
                                      WHERE c.note_id = w.note_id AND billed = 'YES' AND received_at IS NOT NULL
                                        AND id <> ALL (?))
                        """, (Object) restorable);
        Map<String, List<String>> rows = without(inProgress, rows());
        TableDump tables = TableDump.of(night.sql(), "before_rebuild");
        loseTheDatabase();
        rebuild(before.hasLostFile() ? ExitCode.INCOMPLETE : ExitCode.COMPLETED);
        assertSame(without(inProgress, rows()), rows);
        tables.restore();
        Map<String, byte[]> changed = see().objects();
        for (String key : changed.keySet()) {
            if (!before.objects().containsKey(key)) {
                Files.delete(path(key));
            }
        }
        for (Map.Entry<String, byte[]> object : before.objects().entrySet()) {
            if (!Arrays.equals(object.getValue(), changed.get(object.getKey()))) {
                Files.write(path(object.getKey()), object.getValue());
            }
        }
    }

    /** Returns rows without those of some notes, and without tables whose rows name no note if there are such notes. */
    private static Map<String, List<String>> without(List<String> notes, Map<String, List<String>> rows) {
        Map<String, List<String>> others = new TreeMap<>(rows);
        if (!notes.isEmpty()) {
            others.keySet().removeAll(Set.of("author", "media_object", "schema_drift"));
        }
        others.replaceAll((_, list) -> list.stream()
                .filter(row -> notes.stream().noneMatch(row::contains))
                .toList());
        return others;
    }

    // the end

    /** Nights without faults, until all is archived and repaired; then the tables are lost and rebuilt. */
    private void end() throws Exception {
        List<String> wrong = List.of();
        for (int nights = 0; nights < 5; nights++) {
            passDays(1);
            audits.verify(REPAIR);
            check(model.check(see()));
            for (String key : model.damagedSidecars()) {
                byte[] copy = copies.get(key);
                // the ledger no longer has the exact response: the operator restores a copy of the bucket
                if (tonight() - Seen.nightOf(Sidecar.read(new ObjectKey(key), copy)) >= ArchiveModel.REUSED) {
                    Files.write(path(key), copy);
                }
            }
            worklist.requeue(worklistOf("FAILED", "UNAVAILABLE"));
            Seen before = see();
            RunSummary run = assertForeseen(night.run());
            Seen after = see();
            check(model.checkNight(tonight(), before, after));
            check(model.check(after));
            wrong = new ArrayList<>(model.checkEnd(after));
            if (run.exitCode() != ExitCode.COMPLETED) {
                wrong.add("the last run ended with " + run);
            }
            if (wrong.isEmpty()) {
                break;
            }
        }
        check(wrong);
        assertThat(count("""
                        batch_job_execution JOIN batch_job_instance USING (job_instance_id)
                        WHERE job_name = 'archiveNotes' AND (end_time IS NULL OR status IN ('STARTED', 'UNKNOWN'))
                        """)).as("executions that did not end").isZero();
        // captures whose sidecar was stored before an outage, and which were too old for reuse after it
        merge(ExitCode.COMPLETED);
        Map<String, List<String>> rows = rows();
        loseTheDatabase();
        rebuild(ExitCode.COMPLETED);
        assertSame(rows(), rows);
        check(model.check(see()));
    }

    /**
     * Without what depends on when a copy was emptied or an erasure completed, without the bill of erased notes, and
     * without responses that became too old for reuse before their note was processed. Of the entries of a capture the
     * one in its sidecar, which is an older one if an audit brought back a lost file.
     */
    @Override
    protected Map<String, List<String>> rows() {
        Map<String, List<String>> rows = super.rows();
        List<Sidecar> sidecars = see().sidecarsInBucket();
        rows.put("log_entry", texts("""
                        SELECT (to_jsonb(t) - 'recorded_at')::text FROM log_entry t
                        WHERE note_id IS NOT NULL AND encode(salt, 'hex') = ANY (?)
                        """, (Object) sidecars.stream()
                .flatMap(sidecar -> sidecar.logEntry().stream())
                .map(LogEntry::salt)
                .toArray(String[]::new)));
        List<String> unused =
                texts("""
                        SELECT '"id": ' || id || ',' FROM api_call c
                        WHERE billed = 'YES' AND id <> ALL (?)
                          AND EXISTS (SELECT 1 FROM api_call later
                                      WHERE later.note_id = c.note_id AND later.billed = 'YES' AND later.id > c.id)
                        """, (Object) sidecars.stream().map(Sidecar::callId).toArray(Long[]::new));
        rows.replaceAll((_, list) -> list.stream()
                .filter(row -> !row.contains("\"endpoint\"")
                        || Stream.concat(model.erased().stream(), unused.stream())
                                .noneMatch(row::contains))
                .map(row -> row.replaceAll("\"(response|finished_at)\": (\"[^\"]*\"|null)", "$1")
                        .replaceAll("\"refresh_\\w+\": [^,}]*", "refresh"))
                .sorted()
                .toList());
        return rows;
    }

    private List<NoteId> worklistOf(String... states) {
        return texts("SELECT note_id FROM worklist WHERE state = ANY (?)", (Object) states).stream()
                .map(NoteId::new)
                .toList();
    }

    // what there is

    private Map<String, Source> sources() {
        Map<String, Set<String>> digests = notes.stream().collect(Collectors.toMap(note -> note, this::digests));
        Map<String, Source> all = new TreeMap<>();
        digests.forEach((note, files) -> {
            Set<String> own = new HashSet<>(files);
            digests.forEach((other, others) -> own.removeIf(file -> !other.equals(note) && others.contains(file)));
            all.put(note, new Source(night.pictures(note).size(), own));
        });
        return all;
    }

    private Set<String> digests(String note) {
        Set<String> digests = new HashSet<>();
        collect(night.provider().envelope(note), digests);
        return digests;
    }

    private void collect(JsonNode node, Set<String> digests) {
        String url = node.stringValue("");
        if (url.startsWith("http://" + night.provider().mediaHost()) && !url.contains("/discovery/")) {
            digests.add(DigestUtils.sha256Hex(night.provider().mediaBytes(url)));
        }
        node.forEach(child -> collect(child, digests));
    }

    private Seen see() {
        return Seen.of(night, model.erased(), spooled());
    }
}
