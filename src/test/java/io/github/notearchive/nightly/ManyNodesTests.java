package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.PENDING;
import static io.github.notearchive.archive.worklist.NoteState.POSTPONED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.query.Nodes;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.sandbox.Reply;
import java.sql.Timestamp;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/**
 * One node beside others, which are rows here: their stop notices and their claims. {@code acceptance.ThreeNodesTests}
 * has processes.
 */
@NightlyJobTest
@TestPropertySource(properties = NightSettings.MANY_WORKERS)
class ManyNodesTests extends NightFixture {

    @Autowired
    Nodes nodes;

    @ParameterizedTest
    @CsvSource({
        "303, QUOTA_EXHAUSTED, 3",
        "100, BLOCKED_TOKEN, 4",
        "600, BLOCKED_PERMISSION, 4",
        "601, BLOCKED_BALANCE, 4"
    })
    void whatAnotherNodeMeetsEndsThisOneWithoutAnotherCall(int code, ExitCode exitCode, int number) throws Exception {
        List<String> notes = night.pending(60);
        CompletableFuture<RunSummary> run = night.runUntilHeld(WORKERS);
        anotherNodeMeets(code);

        RunSummary stopped = night.release(run, exitCode);

        assertThat(stopped.exitCode().number()).isEqualTo(number);
        assertThat(stopped.reason()).contains("code " + code, "met by node east in execution 4711");
        assertThat(night.calls()).isEqualTo(WORKERS);
        assertThat(night.archived()).hasSize(WORKERS);
        assertThat(night.states(notes)).containsOnly(ARCHIVED, PENDING);
        assertThat(night.rows("source_gate"))
                .as("the node that met it closes the gate")
                .isZero();

        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).isEqualTo(60);
    }

    @Test
    void nodeWithoutFurtherCallsReadsTheStopNoticeToo() throws Exception {
        List<String> notes = night.pending(1);
        night.script().always(notes.getFirst(), Reply.hang());
        CompletableFuture<RunSummary> run = night.runAside();
        await("it is fetched", () -> night.calls() == 1);
        anotherNodeMeets(601);

        await("the gate is closed", () -> gate.isClosed());
        night.script().clear().releaseHung();

        ended(run, ExitCode.BLOCKED_BALANCE);
        assertThat(night.calls()).isOne();
    }

    @Test
    void stopNoticeOfThisNodeIsRecordedOncePerRun() {
        night.pending(60);
        night.script().grants(20);

        night.run(ExitCode.QUOTA_EXHAUSTED);
        assertEnded(night.force(), ExitCode.QUOTA_EXHAUSTED);

        assertThat(night.texts("""
                                        SELECT concat_ws(' ', s.code, s.holds_until = timestamptz '2026-03-11 00:00+08', e.exit_code)
                                        FROM run_stop s JOIN batch_job_execution e USING (job_execution_id)
                                        ORDER BY s.id
                                        """)).containsExactly("303 t QUOTA_EXHAUSTED", "303 t QUOTA_EXHAUSTED");
    }

    @Test
    void stopNoticeFromBeforeTheRunDoesNotEndIt() {
        night.pending(5);
        anotherNodeMeets(303);
        anotherNodeMeets(100);

        night.run(ExitCode.COMPLETED);
    }

    @Test
    void aNoteWhoseCallOfAnotherNodeHasNoResponseYetIsPostponedToTheNextNightUncounted() {
        List<String> notes = night.pending(10);
        List<String> outstanding = notes.subList(0, 4);
        callOfAnotherNode(outstanding);

        RunSummary run = night.run(ExitCode.INCOMPLETE);

        assertThat(night.calls()).isEqualTo(6);
        assertThat(night.states(outstanding)).containsOnly(POSTPONED);
        assertThat(outstanding).allSatisfy(note -> {
            assertThat(night.note(note).dueAt()).isEqualTo(night.midnight());
            assertThat(night.note(note).attempts()).isZero();
            assertThat(night.note(note).detail()).contains("of execution 4711", "has no response yet");
        });

        anotherNodeReceives(outstanding.subList(0, 2)); // and never the two others
        night.isNextDay();
        night.run(ExitCode.COMPLETED);

        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        assertThat(outstanding).extracting(night::calls).containsExactly(0, 0, 1, 1);
        assertThat(night.count("SELECT sum(attempts) FROM worklist")).isZero();
    }

    @Test
    void aRefreshWhoseCallOfAnotherNodeHasNoResponseYetWaitsForTheNextNight() {
        String note = night.pending(1).getFirst();
        night.run(ExitCode.COMPLETED);
        night.isDaysLater(8);
        night.update("UPDATE worklist SET refresh_night = ?", night.today().date());
        callOfAnotherNode(List.of(note));

        night.run(ExitCode.COMPLETED);
        night.assertArchived(List.of(note), 1);

        night.isNextDay();
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).isEqualTo(2);
    }

    /** As when the database comes back to a node after its leases have ended. */
    @Test
    void aResponseThatIsWrittenAfterItsNoteWasPostponedByAnotherNodeIsUsedAtOnce() throws Exception {
        List<String> notes = night.pending(3);
        CompletableFuture<RunSummary> run = night.runUntilHeld(3);
        night.update("""
                UPDATE worklist SET claimed_by = NULL, claimed_until = NULL, claim_id = NULL,
                                    state = 'POSTPONED', due_at = ?, reason = 'RESPONSE_PENDING'
                """, Timestamp.from(night.midnight()));

        night.release(run, ExitCode.COMPLETED);

        night.assertBoughtOnce(notes);
    }

    @Test
    void aRecoveredNodeSetsItsNotesDueThatOthersPostponed() {
        List<String> notes = night.pending(3);
        assertEnded(night.runAtMost(1), ExitCode.INTERRUPTED);
        List<String> left =
                notes.stream().filter(note -> night.state(note) == PENDING).toList();
        night.update("""
                INSERT INTO api_call (note_id, endpoint, sent_at, job_execution_id)
                SELECT note_id, 'note-detail/v1', ?, (SELECT max(job_execution_id) FROM batch_job_execution)
                FROM worklist WHERE state = 'PENDING'
                """, now());
        night.update(
                "UPDATE worklist SET state = 'POSTPONED', reason = 'RESPONSE_PENDING', due_at = ? WHERE state = 'PENDING'",
                Timestamp.from(night.midnight()));

        night.run(ExitCode.COMPLETED);

        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        assertThat(left).hasSize(2).extracting(night::calls).containsOnly(1);
        assertThat(night.rows("api_call WHERE recovered_at IS NOT NULL")).isEqualTo(2);
    }

    @Test
    void aNodeWhoseLeasesWereLostWritesNothing() throws Exception {
        List<String> notes = night.pending(3);
        CompletableFuture<RunSummary> run = night.runUntilHeld(3);
        night.claimedBy("east", notes); // as if this one had been away for longer than its leases

        RunSummary lost = night.release(run, ExitCode.COMPLETED);

        assertThat(lost.notes().archived()).isZero();
        assertThat(night.states(notes)).containsOnly(PENDING);
        assertThat(night.rows("worklist WHERE claimed_by = 'east'")).isEqualTo(3);
        assertThat(night.rows("api_call WHERE response IS NOT NULL"))
                .as("what was paid for is kept")
                .isEqualTo(3);
    }

    @Test
    void writesAtTheStartOfARunFailNoTransactionOfAnotherNode() {
        night.update("""
                        CREATE TABLE seen (isolation text);
                        CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
                        BEGIN INSERT INTO seen VALUES (current_setting('transaction_isolation')); RETURN NULL; END $$;
                        CREATE TRIGGER see AFTER INSERT ON batch_job_execution EXECUTE FUNCTION see();
                        CREATE TRIGGER see AFTER INSERT ON batch_step_execution EXECUTE FUNCTION see();
                        """);
        try {
            night.pending(1);

            night.run(ExitCode.COMPLETED);

            assertThat(night.texts("SELECT DISTINCT isolation FROM seen")).containsExactly("read committed");
        } finally {
            night.update("DROP FUNCTION see() CASCADE; DROP TABLE seen");
        }
    }

    @Test
    void eachNodeIsShownWithItsActivityAndTheNextAction() throws Exception {
        assertThat(nodes.all(night.today())).isEmpty();
        List<String> notes = night.pending(10);
        CompletableFuture<RunSummary> run = night.runUntilHeld(10);
        anotherNodeRan();
        night.claimedBy("east", notes.subList(0, 2));

        List<Nodes.Node> shown = nodes.all(night.today());

        assertThat(shown).extracting(Nodes.Node::node).containsExactly("main", "east");
        assertThat(shown.getFirst())
                .returns(Nodes.State.RUNNING, Nodes.Node::state)
                .returns(null, Nodes.Node::exitCode)
                .returns(null, Nodes.Node::ended)
                .returns(8L, Nodes.Node::claimedNotes)
                .returns(10L, Nodes.Node::callsTonight)
                .returns(null, Nodes.Node::next);
        assertThat(shown.getFirst())
                .extracting(Nodes.Node::execution, Nodes.Node::began, Nodes.Node::lastHeard)
                .doesNotContainNull();
        assertThat(shown.getLast())
                .returns(Nodes.State.DIED, Nodes.Node::state)
                .returns(4711L, Nodes.Node::execution)
                .returns(2L, Nodes.Node::claimedNotes)
                .returns(0L, Nodes.Node::callsTonight);
        assertThat(shown.getLast().next())
                .startsWith("note-archive run --node east resumes")
                .contains("active nodes claim its notes from ");

        night.release(run, ExitCode.COMPLETED);
        assertThat(nodes.all(night.today()).getLast())
                .returns("main", Nodes.Node::node)
                .returns(Nodes.State.ENDED, Nodes.Node::state)
                .returns("COMPLETED", Nodes.Node::exitCode)
                .returns(0L, Nodes.Node::claimedNotes)
                .doesNotReturn(null, Nodes.Node::ended);
    }

    private void anotherNodeMeets(int code) {
        anotherNodeRan();
        night.update("""
                INSERT INTO run_stop (code, reason, met_at, holds_until, job_execution_id)
                SELECT c, 'code ' || c || ' (MET)', ?, CASE WHEN c = 303 THEN ?::timestamptz END, 4711 FROM (VALUES (?)) AS v (c)
                """, now(), Timestamp.from(night.midnight()), code);
    }

    private void callOfAnotherNode(List<String> notes) {
        anotherNodeRan();
        night.sql().sql("""
                        INSERT INTO api_call (note_id, endpoint, sent_at, job_execution_id)
                        SELECT note_id, 'note-detail/v1', :now, 4711 FROM worklist WHERE note_id IN (:notes)
                        """).param("now", now()).param("notes", notes).update();
    }

    private void anotherNodeReceives(List<String> notes) {
        for (String note : notes) {
            night.update("""
                    UPDATE api_call SET received_at = sent_at, http_status = 200, code = 0, billed = 'YES', response = ?
                    WHERE note_id = ?
                    """, night.provider().envelope(note).toString().getBytes(UTF_8), note);
        }
    }

    private Timestamp now() {
        return Timestamp.from(night.clock().instant());
    }

    private void anotherNodeRan() {
        night.update("""
                        WITH instance AS (
                            INSERT INTO batch_job_instance (job_instance_id, version, job_name, job_key)
                            VALUES (4711, 0, 'archiveNotes', '4711')
                            ON CONFLICT DO NOTHING RETURNING job_instance_id),
                        execution AS (
                            INSERT INTO batch_job_execution
                                (job_execution_id, version, job_instance_id, create_time, start_time, status)
                            SELECT 4711, 0, job_instance_id, now(), now(), 'STARTED' FROM instance RETURNING job_execution_id)
                        INSERT INTO batch_job_execution_params
                            (job_execution_id, parameter_name, parameter_type, parameter_value, identifying)
                        SELECT job_execution_id, 'node', 'java.lang.String', 'east', 'Y' FROM execution
                        """);
    }
}
