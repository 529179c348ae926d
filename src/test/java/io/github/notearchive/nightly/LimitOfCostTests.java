package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.query.CallTotals;
import io.github.notearchive.archive.query.CallTotals.Bill;
import io.github.notearchive.archive.query.CallTotals.MonthlyBill;
import io.github.notearchive.archive.query.RunHistory;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.nightly.plan.NightPlan;
import io.github.notearchive.nightly.plan.NightPlanner;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.NightReports;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.math.BigDecimal;
import java.sql.Timestamp;
import java.time.YearMonth;
import java.util.Currency;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** Our own limit of the cost of a night, and the cost of runs and plans. */
@BesideNightlyJobTest
@TestPropertySource(
        properties = {
            "archive.workers=64",
            "archive.source.cost-per-night=1.00",
            "archive.source.price.note=0.15",
            "archive.source.price.video=0.25",
            "archive.source.price.currency=EUR",
            "archive.video.enabled=true"
        })
class LimitOfCostTests extends NightFixture {

    private static final Currency EUR = Currency.getInstance("EUR");

    @Autowired
    NightPlanner planner;

    @Autowired
    CallTotals totals;

    @Autowired
    NightReports reports;

    @Autowired
    RunHistory history;

    @Autowired
    NightlySettings settings;

    @Test
    void nightThatEndsByTheCostReportsSoAndResumesInTheNextNight() {
        night.pending(SandboxNoteKind.TEXT, 80);

        RunSummary run = night.run(ExitCode.QUOTA_EXHAUSTED);

        assertThat(night.calls()).as("64 workers share the limit").isEqualTo(6);
        assertThat(run.reason()).startsWith("our own limit of EUR 1.00 a night is used up; no call before");
        assertThat(run.cost()).isEqualTo(cost("0.90", "0.00"));
        assertThat(night.exitCodes()).containsExactly("QUOTA_EXHAUSTED");

        RunSummary forced = night.force();

        assertEnded(forced, ExitCode.QUOTA_EXHAUSTED);
        assertThat(forced.execution()).isNull();
        assertThat(night.calls()).isEqualTo(6);

        NightPlan plan = planner.plan();
        assertThat(plan.obstacles())
                .singleElement()
                .asString()
                .startsWith("our own limit of EUR 1.00 a night is used up");
        assertThat(plan.calls().cost())
                .isEqualTo(new NightPlan.PlannedCost(
                        EUR,
                        new BigDecimal("0.90"),
                        new BigDecimal("0.00"),
                        new BigDecimal("11.10"),
                        new BigDecimal("1.00")));
        assertThat(plan.backlog().perNight()).isEqualTo(6);
        history.record(new FinishedRun(night.clock().instant(), night.clock().instant(), run).row("main", settings));
        String report =
                reports.page(reports.find(Night.current(night.clock()), "main").orElseThrow());
        assertThat(report).contains("<dt>Cost</dt><dd class=\"figure\">EUR 0.90</dd>", "EUR 1.00");
        assertThat(night.rows("run_summary WHERE cost = 0.90 AND currency = 'EUR'"))
                .isOne();

        night.isNextDay();
        night.run(ExitCode.QUOTA_EXHAUSTED);

        assertThat(night.calls()).isEqualTo(12);
        assertThat(night.count("SELECT count(DISTINCT note_id) FROM api_call")).isEqualTo(12);
    }

    @Test
    void callsThatAreNotBilledLeaveTheirPriceAndUnknownOnesDoNot() {
        List<String> notes = night.pending(SandboxNoteKind.TEXT, 12);
        for (String note : notes.subList(0, 4)) {
            night.script().answers(note, Reply.code(301), Reply.code(301), Reply.normal());
        }
        night.script().answers(notes.get(4), Reply.code(500), Reply.normal());

        RunSummary last = night.run();
        for (int i = 0; i < 9 && last.execution() != null; i++) {
            last = night.run(); // calls in flight at the end of a run may turn out not to be billed
        }

        assertEnded(last, ExitCode.QUOTA_EXHAUSTED);
        assertThat(night.rows("api_call WHERE billed <> 'NO'")).isEqualTo(6);

        YearMonth month = YearMonth.from(night.today().date());
        night.update(
                "UPDATE api_call SET sent_at = ? WHERE id = (SELECT min(id) FROM api_call WHERE billed = 'YES')",
                Timestamp.from(new Night(month.plusMonths(1).atDay(1)).begins()));
        MonthlyBill all = totals.in(month).getLast();
        assertThat(all.endpoint()).isNull();
        assertThat(all.bill().billed() + all.bill().billingUnknown())
                .as("without the next month")
                .isEqualTo(5);
        assertThat(all.bill().calls()).isEqualTo(night.calls() - 1L);
        assertThat(all.cost().billed())
                .isEqualTo(new BigDecimal("0.15")
                        .multiply(BigDecimal.valueOf(all.bill().billed())));
        assertThat(totals.in(month)).extracting(MonthlyBill::endpoint).containsExactly("note-detail/v1", null);
        assertThat(totals.in(month.plusMonths(1)).getLast().bill()).isEqualTo(new Bill(1, 1, 0));
    }

    @Test
    void planCountsVideosByTheirOwnPrice() {
        night.pending(SandboxNoteKind.VIDEO_COVER, 2);
        RunSummary run = night.run(ExitCode.COMPLETED);
        assertThat(run.cost()).isEqualTo(cost("0.80", "0.00"));
        night.isNextDay();
        night.pending(night.provider().noteIds(SandboxNoteKind.VIDEO_COVER, 12).subList(2, 12));

        NightPlan plan = planner.plan();

        assertThat(plan.calls().needed()).isEqualTo(20);
        assertThat(plan.calls().tonight()).as("EUR 0.20 a call on average").isEqualTo(5);
        assertThat(plan.calls().because()).isEqualTo("our own limit of EUR 1.00 a night");
        NightPlan.PlannedCost cost = plan.calls().cost();
        assertThat(cost).isNotNull();
        assertThat(cost.spent()).isEqualByComparingTo("0");
        assertThat(cost.tonight()).isEqualByComparingTo("1.00");
        assertThat(cost.backlog()).isEqualByComparingTo("3.00");
    }

    private static CallTotals.Cost cost(String billed, String unknown) {
        return new CallTotals.Cost(EUR, new BigDecimal(billed), new BigDecimal(unknown));
    }
}
