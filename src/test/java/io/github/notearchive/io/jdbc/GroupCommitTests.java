package io.github.notearchive.io.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.ArchiveDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.UncategorizedSQLException;
import org.springframework.jdbc.core.simple.JdbcClient;

class GroupCommitTests {

    private final ArchiveDatabase database = ArchiveDatabase.running();
    private final JdbcClient jdbc = database.jdbc();
    private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
    private final List<List<Integer>> groups = new ArrayList<>();
    private final AtomicInteger failures = new AtomicInteger();
    private final CountDownLatch firstStarted = new CountDownLatch(1);
    private final CountDownLatch firstReleased = new CountDownLatch(1);
    private GroupCommit<Integer, Integer> commits;

    @BeforeEach
    void createTable() {
        jdbc.sql("CREATE TABLE group_commit (id int PRIMARY KEY CHECK (id <> 13))")
                .update();
        commits = groupCommit(this::insert);
    }

    @AfterEach
    void close() {
        firstReleased.countDown();
        commits.close();
        callers.close();
        jdbc.sql("DROP TABLE group_commit").update();
    }

    private GroupCommit<Integer, Integer> groupCommit(Function<List<Integer>, List<Integer>> action) {
        return new GroupCommit<>("test", Duration.ofMillis(10), database.transactions(), action);
    }

    /** Inserts the ids and returns their doubles; the first group waits until it is released. */
    private List<Integer> insert(List<Integer> ids) {
        groups.add(ids);
        firstStarted.countDown();
        try {
            firstReleased.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        jdbc.sql("INSERT INTO group_commit SELECT unnest(?::int[])")
                .param(ids.toArray(Integer[]::new))
                .update();
        return ids.stream().map(id -> 2 * id).toList();
    }

    /** Fails each group that matches, after its rows were inserted. */
    private void failAfterInsert(String state, Predicate<List<Integer>> isFailing) {
        commits.close();
        commits = groupCommit(ids -> {
            List<Integer> results = insert(ids);
            if (isFailing.test(ids)) {
                throw new UncategorizedSQLException("test", null, new SQLException("test", state));
            }
            return results;
        });
    }

    /** Starts a caller alone, then the others, so that these form the second group; returns all results. */
    private List<Future<Integer>> executeInTwoGroups(int last) throws InterruptedException {
        List<Future<Integer>> results = new ArrayList<>();
        results.add(callers.submit(() -> commits.execute(0)));
        firstStarted.await();
        IntStream.rangeClosed(1, last).forEach(id -> results.add(callers.submit(() -> commits.execute(id))));
        await().until(() -> commits.waiting() == last);
        firstReleased.countDown();
        return results;
    }

    private static void getAll(List<Future<Integer>> results) throws Exception {
        for (Future<Integer> result : results) {
            result.get();
        }
    }

    private List<Integer> storedIds() {
        return jdbc.sql("SELECT id FROM group_commit ORDER BY id")
                .query(Integer.class)
                .list();
    }

    @Test
    void concurrentRequestsShareTransaction() throws Exception {
        List<Future<Integer>> results = executeInTwoGroups(12);

        for (int id = 0; id <= 12; id++) {
            assertThat(results.get(id).get()).isEqualTo(2 * id);
        }
        assertThat(groups).hasSize(2);
        assertThat(jdbc.sql("SELECT count(DISTINCT xmin::text) FROM group_commit")
                        .query(Integer.class)
                        .single())
                .isEqualTo(2);
    }

    @Test
    void groupHasAtMost64Members() throws Exception {
        firstReleased.countDown();

        List<Future<Integer>> results = IntStream.range(100, 400)
                .mapToObj(id -> callers.submit(() -> commits.execute(id)))
                .toList();

        getAll(results);
        assertThat(groups).allMatch(group -> group.size() <= GroupCommit.MAX_SIZE);
        assertThat(storedIds()).hasSize(300);
    }

    @Test
    void wrongRowFailsItsOwnCallerOnly() throws Exception {
        List<Future<Integer>> results = executeInTwoGroups(32);

        assertThatThrownBy(() -> results.remove(13).get()).hasCauseInstanceOf(DataIntegrityViolationException.class);
        getAll(results);
        assertThat(storedIds())
                .containsExactlyElementsOf(IntStream.rangeClosed(0, 32)
                        .filter(id -> id != 13)
                        .boxed()
                        .toList());
    }

    /**
     * 21000: a row occurs twice in an upsert; 54000: a value is too long for an index; XX001: a damaged row; 40P01,
     * 57014: undone because of other sessions, each time.
     */
    @ParameterizedTest
    @ValueSource(strings = {"21000", "54000", "XX001", "40P01", "57014"})
    void requestThatIsRejectedOrRolledBackEachTimeFailsItsOwnCallerOnly(String state) throws Exception {
        failAfterInsert(state, ids -> ids.contains(1));

        List<Future<Integer>> results = executeInTwoGroups(3);

        assertThatThrownBy(results.remove(1)::get).hasRootCauseInstanceOf(SQLException.class);
        getAll(results);
        assertThat(storedIds()).containsExactly(0, 2, 3);
    }

    @Test
    void threadSurvivesErrorsAndMissingResults() {
        firstReleased.countDown();
        commits.close();
        commits = groupCommit(ids -> {
            if (ids.contains(1)) {
                throw new AssertionError("test");
            }
            return ids.contains(2) ? List.of() : insert(ids);
        });

        assertThatThrownBy(() -> commits.execute(1))
                .isInstanceOf(AssertionError.class)
                .hasMessage("test");
        assertThatThrownBy(() -> commits.execute(2)).hasMessage("test: 0 results of 1 requests");
        assertThat(commits.execute(3)).isEqualTo(6);
    }

    @Test
    void deadlockIsRepeatedOnce() throws Exception {
        failAfterInsert("40P01", _ -> failures.incrementAndGet() == 1);

        List<Future<Integer>> results = executeInTwoGroups(2);

        getAll(results);
        assertThat(storedIds()).containsExactly(0, 1, 2);
        assertThat(groups).hasSize(3);
    }

    @Test
    void lostConnectionFailsAllCallersWithoutRepetition() throws Exception {
        failAfterInsert("08006", ids -> ids.size() > 1);

        List<Future<Integer>> results = executeInTwoGroups(5);

        results.stream()
                .skip(1)
                .forEach(result -> assertThatThrownBy(result::get).hasCauseInstanceOf(UncategorizedSQLException.class));
        assertThat(groups).hasSize(2);
        assertThat(storedIds()).containsExactly(0);
    }

    @Test
    void statementHasRequestsOfOneKind() throws Exception {
        commits.close();
        commits = GroupCommit.ofStatements("test", id -> id % 2, this::insert);

        List<Future<Integer>> results = executeInTwoGroups(4);

        for (int id = 0; id <= 4; id++) {
            assertThat(results.get(id).get()).isEqualTo(2 * id);
        }
        assertThat(groups)
                .hasSize(3)
                .allMatch(group -> group.stream().map(id -> id % 2).distinct().count() == 1);
    }

    @Test
    void interruptedCallerStillReceivesItsResultAfterTheCommit() throws Exception {
        firstReleased.countDown();

        Future<Stream<Object>> result = callers.submit(() -> {
            Thread.currentThread().interrupt();
            int value = commits.execute(3);
            return Stream.of(value, Thread.currentThread().isInterrupted());
        });

        assertThat(result.get()).containsExactly(6, true);
        assertThat(storedIds()).as("committed before the return").containsExactly(3);
    }

    @Test
    void closingExecutesWaitingRequestsAndRejectsLaterOnes() throws Exception {
        List<Future<Integer>> results = executeInTwoGroups(3);

        commits.close();

        getAll(results);
        assertThatThrownBy(() -> commits.execute(99)).isInstanceOf(IllegalStateException.class);
        assertThat(storedIds()).containsExactly(0, 1, 2, 3);
    }
}
