package io.github.notearchive.archive.query;

import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.NightlyCalls;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.NoteSourceProperties.CallPrices;
import java.math.BigDecimal;
import java.sql.Timestamp;
import java.time.YearMonth;
import java.util.Currency;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Counts the calls of a run or a night and their billing. Read-only. */
@Component
public final class CallTotals {

    private static final String OF_NIGHT = "sent_at >= :begins AND sent_at < :ends";
    private static final String BILL = """
            count(*) AS calls, count(*) FILTER (WHERE billed = 'YES') AS billed,
            count(*) FILTER (WHERE billed = 'UNKNOWN') AS billing_unknown
            """;
    private static final String OF_VIDEOS = "endpoint = '%s'".formatted(Endpoint.VIDEO.ledgerName());

    private final JdbcClient jdbc;
    private final NoteSourceProperties source;

    public CallTotals(JdbcClient jdbc, NoteSourceProperties source) {
        this.jdbc = jdbc;
        this.source = source;
    }

    public enum CallPurpose {
        ALL("true"),
        VIDEO(OF_VIDEOS),
        REFRESH("refresh");

        private final String condition;

        CallPurpose(String condition) {
            this.condition = condition;
        }
    }

    public record Bill(long calls, long billed, long billingUnknown) {

        public static final Bill NONE = new Bill(0, 0, 0);
    }

    public record Cost(Currency currency, BigDecimal billed, BigDecimal billingUnknown) {

        /** Formats the cost, such as {@code CNY 2.85} or {@code CNY 2.85, at most CNY 3.00}. */
        @Override
        public String toString() {
            String most = DisplayFormat.money(currency, billed.add(billingUnknown));
            return billingUnknown.signum() == 0 ? most : DisplayFormat.money(currency, billed) + ", at most " + most;
        }
    }

    /**
     * Calls of a month to an endpoint, or to all.
     *
     * @param endpoint null for the sum
     * @param cost null without prices
     */
    public record MonthlyBill(
            @Nullable String endpoint, Bill bill, @Nullable Cost cost) {}

    private record EndpointBill(@Nullable String endpoint, Bill bill) {}

    public record CallCount(@Nullable Integer code, Billed billed, long calls) {}

    static Map<String, Object> period(Night night) {
        return Map.of("begins", Timestamp.from(night.begins()), "ends", Timestamp.from(night.ends()));
    }

    /** Returns the number of calls of a night. Unlike {@link CallRepository#count}, writes nothing. */
    public NightlyCalls made(Night night) {
        Map<String, Object> parameters = Map.of("begins", night.begins(), "ends", night.ends(), "night", night);
        return Statements.one(jdbc, NightlyCalls.class, parameters, """
                        SELECT greatest(c.calls, n.calls) AS "all", greatest(c.video_calls, n.video_calls) AS videos,
                               greatest(c.refresh_calls, n.refresh_calls) AS refreshes,
                               greatest(c.unbilled_calls, n.unbilled_calls) AS unbilled,
                               greatest(c.unbilled_video_calls, n.unbilled_video_calls) AS unbilled_videos
                        FROM (SELECT count(*) AS calls, count(*) FILTER (WHERE %1$s) AS video_calls,
                                     count(*) FILTER (WHERE refresh) AS refresh_calls,
                                     count(*) FILTER (WHERE billed = 'NO') AS unbilled_calls,
                                     count(*) FILTER (WHERE billed = 'NO' AND %1$s) AS unbilled_video_calls
                              FROM api_call WHERE %2$s) AS c
                        LEFT JOIN nightly_calls n ON n.night = :night
                        """.formatted(OF_VIDEOS, OF_NIGHT));
    }

    public Bill of(long jobExecutionId, CallPurpose kind) {
        return bill("job_execution_id = :execution", Map.of("execution", jobExecutionId), kind);
    }

    public Bill in(Night night, CallPurpose kind) {
        return bill(OF_NIGHT, period(night), kind);
    }

    /** Returns the cost of calls, some of them for videos; null without prices. */
    public @Nullable Cost cost(Bill all, Bill videos) {
        CallPrices prices = source.price();
        BigDecimal billed = prices.cost(all.billed - videos.billed, videos.billed);
        BigDecimal unknown = prices.cost(all.billingUnknown - videos.billingUnknown, videos.billingUnknown);
        return prices.isSet() ? new Cost(prices.currency(), billed, unknown) : null;
    }

    public @Nullable Cost costIn(Night night) {
        return source.price().isSet() ? cost(in(night, CallPurpose.ALL), in(night, CallPurpose.VIDEO)) : null;
    }

    /** Returns the bills of a calendar month of Asia/Shanghai by endpoint, and their sum at the end. */
    public List<MonthlyBill> in(YearMonth month) {
        Map<String, Object> parameters = Map.of(
                "begins", new Night(month.atDay(1)).begins(),
                "ends", new Night(month.atEndOfMonth()).ends());
        List<EndpointBill> bills = Statements.list(jdbc, EndpointBill.class, parameters, """
                        SELECT endpoint, %s FROM api_call WHERE %s GROUP BY ROLLUP (endpoint) ORDER BY endpoint
                        """.formatted(BILL, OF_NIGHT));
        Bill videos = bills.stream()
                .filter(each -> Endpoint.VIDEO.ledgerName().equals(each.endpoint))
                .map(EndpointBill::bill)
                .findAny()
                .orElse(Bill.NONE);
        return bills.stream()
                .map(each -> {
                    boolean hasVideos =
                            each.endpoint == null || Endpoint.VIDEO.ledgerName().equals(each.endpoint);
                    return new MonthlyBill(each.endpoint, each.bill, cost(each.bill, hasVideos ? videos : Bill.NONE));
                })
                .toList();
    }

    private Bill bill(String condition, Map<String, ?> parameters, CallPurpose kind) {
        return Statements.one(jdbc, Bill.class, parameters, """
                        SELECT %s FROM api_call WHERE %s AND %s
                        """.formatted(BILL, condition, kind.condition));
    }

    public List<CallCount> countsIn(Night night) {
        return Statements.list(jdbc, CallCount.class, period(night), """
                        SELECT code, billed, count(*) AS calls
                        FROM api_call WHERE %s
                        GROUP BY code, billed ORDER BY code NULLS LAST, billed
                        """.formatted(OF_NIGHT));
    }

    /** Counts the paid responses of a run that replaced one with expired URLs. */
    public long countReplacements(long jobExecutionId) {
        return Statements.one(jdbc, Long.class, Map.of("execution", jobExecutionId), """
                        SELECT count(*) FROM api_call c
                        WHERE c.job_execution_id = :execution AND c.billed = 'YES'
                          AND EXISTS (SELECT 1 FROM api_call p
                                      WHERE p.note_id = c.note_id AND p.endpoint = c.endpoint AND p.id < c.id
                                        AND p.media_gone_at IS NOT NULL)
                        """);
    }
}
