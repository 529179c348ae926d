package io.github.notearchive.archive.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.RecordedPlans;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.provider.CallLimits;
import io.github.notearchive.provider.CallRecorder.CallRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Cost of calls and responses beside those of earlier nights. */
class CallPlanTests extends LedgerFixture {

    @ParameterizedTest
    @ValueSource(ints = {2_000, 200_000})
    void callsAndResponsesReadIndexesOnly(int rows) throws Exception {
        database.jdbc().sql("""
                        INSERT INTO worklist (note_id, due_at, enqueued_at)
                        SELECT '66cc' || lpad(to_hex(n), 20, '0'), now(), now() FROM generate_series(1, :rows) AS n
                        """).param("rows", rows).update();
        database.jdbc().sql("""
                        INSERT INTO api_call (note_id, endpoint, sent_at, received_at, code, billed)
                        SELECT note_id, 'note-detail/v1', now(), now(), 0, 'YES' FROM worklist
                        """).update();
        database.jdbc().sql("VACUUM ANALYZE worklist, api_call").update();
        RecordedPlans recorded = new RecordedPlans(database);
        CallRepository node = over(recorded);

        CallRecord call = sent(node);
        String counted = recorded.planOf("WITH wanted");
        received(node, call);
        String response = recorded.planOf("UPDATE api_call");
        assertWritten(node.sending(claimed(ID), Endpoint.DETAIL, NOW, false, CallLimits.NONE));
        String uncounted = recorded.planOf("WITH wanted");

        assertThat(counted).contains("worklist_pkey", "api_call_note", "nightly_calls");
        assertThat(uncounted).contains("worklist_pkey", "api_call_note").doesNotContain("nightly_calls");
        assertThat(response).contains("api_call_pkey");
        for (String plan : new String[] {counted, uncounted, response}) {
            assertThat(plan).doesNotContain("Seq Scan on worklist", "Seq Scan on api_call");
        }
    }
}
