package io.github.notearchive.archive.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.notearchive.archive.ledger.LedgerFixture;
import io.github.notearchive.archive.stats.CallTotals.Kind;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.NightlyCalls;
import org.junit.jupiter.api.Test;

class CallTotalsTests extends LedgerFixture {

    @Test
    void callsAreCountedByTheNightTheyWereSent() {
        Night night = Night.of(NOW);
        calls.startExecution(1, () -> false);
        paid(night.begins());
        paid(night.ends().minusMillis(1));
        calls.startExecution(2, () -> false);
        unpaid(night.begins());
        paid(night.ends());
        paid(night.begins().minusMillis(1));
        sent(ID, Endpoint.DETAIL, night.begins(), false);

        assertThat(calls.sentIn(night)).isEqualTo(new NightlyCalls(4, 0, 0));
        assertThat(totals.countsIn(night))
                .extracting(CallTotals.CallCount::code, CallTotals.CallCount::billed, CallTotals.CallCount::calls)
                .containsExactly(tuple(0, Billed.YES, 2L), tuple(301, Billed.NO, 1L), tuple(null, Billed.UNKNOWN, 1L));
        assertThat(totals.of(1, Kind.ALL)).isEqualTo(new CallTotals.Bill(2, 2, 0));
        assertThat(totals.of(2, Kind.ALL)).isEqualTo(new CallTotals.Bill(4, 2, 1));
        assertThat(totals.of(99, Kind.ALL)).isEqualTo(CallTotals.Bill.NONE);
    }
}
