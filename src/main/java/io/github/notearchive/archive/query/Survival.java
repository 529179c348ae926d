package io.github.notearchive.archive.query;

import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.jdbc.Statements;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** Estimates how long notes stay available, by the view {@code survival}. */
@Repository
public final class Survival {

    /** Days after the first capture for which the view has a share. */
    public static final List<Integer> DAYS = List.of(1, 7, 30, 90);

    private static final Logger log = LoggerFactory.getLogger(Survival.class);

    private static final int LONGEST_SECONDS = 10;

    private static final JsonMapper JSON = new JsonMapper();
    private static final TypeReference<TreeMap<Integer, SurvivalEstimate>> SHARES = new TypeReference<>() {};

    /** Shares by days, of {@value #LEAST_AT_RISK} notes at least: few notes say nothing about others. */
    private static final int LEAST_AT_RISK = 10;

    private static final String BY_DAYS = """
            coalesce(jsonb_object_agg(days, jsonb_build_object('share', share, 'atRisk', at_risk))
                     FILTER (WHERE at_risk >= %d), '{}')\
            """.formatted(LEAST_AT_RISK);

    /** Standard deviations of an interval of 95 %. */
    private static final double Z = 1.96;

    private final JdbcClient jdbc;

    Survival(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /**
     * Share of notes that is still available, 0 to 1.
     *
     * @param atRisk number of notes that were observed for so long
     */
    public record SurvivalEstimate(double share, long atRisk) {

        /** Returns the lower bound of the Wilson interval of 95 %. */
        public double low() {
            return bound(-1);
        }

        /** Returns the upper bound of that interval. */
        public double high() {
            return bound(1);
        }

        private double bound(int side) {
            double square = Z * Z / atRisk;
            double width = Z * Math.sqrt(share * (1 - share) / atRisk + square / (4 * atRisk));
            return Math.clamp((share + square / 2 + side * width) / (1 + square), 0, 1);
        }
    }

    /**
     * Groups of notes, with the condition for values that are estimated and their order. The names are those of the
     * view.
     */
    public enum Dimension {
        all("true", "value"),
        month("true", "value DESC"),
        source("true", "notes DESC"),
        topic(largest("name", "note_topic"), "notes DESC"),
        author(largest("author_id", "note"), "notes DESC");

        private final String condition;
        private final String order;

        Dimension(String condition, String order) {
            this.condition = condition;
            this.order = order;
        }

        /** Restricts the view before it estimates: it takes seconds for all topics of 100,000 notes. */
        private static String largest(String column, String table) {
            return """
                    value = ANY (ARRAY(SELECT %1$s FROM %2$s WHERE %1$s IS NOT NULL
                                       GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT :values))
                    """.formatted(column, table);
        }
    }

    /**
     * Estimate for the notes with a value.
     *
     * @param name name of an author; null if unknown and for other dimensions
     * @param json JSON of {@link #shares}
     */
    public record Curve(String value, @Nullable String name, long notes, String json) {

        /** Returns the shares by days, without those of too few notes. */
        public Map<Integer, SurvivalEstimate> shares() {
            return parse(json);
        }
    }

    static Map<Integer, SurvivalEstimate> parse(String json) {
        return JSON.readValue(json, SHARES);
    }

    /** Returns estimates, at most {@code values}: of the newest months, or of the largest values. */
    public List<Curve> curves(Dimension dimension, int values) {
        return Statements.list(jdbc, Curve.class, Map.of("values", values), """
                        SELECT value, notes, %4$s::text AS json,
                               (SELECT a.nickname FROM author a
                                WHERE '%1$s' = 'author' AND a.author_id = value) AS name
                        FROM survival
                        WHERE dimension = '%1$s' AND %2$s
                        GROUP BY value, notes
                        ORDER BY %3$s, value
                        LIMIT :values
                        """.formatted(
                        dimension, dimension.condition, dimension.order, BY_DAYS));
    }

    /**
     * Records the estimate for all notes in the summary of a run, for its report. Reads all notes, for ten seconds at
     * most.
     */
    void record(long execution) {
        try {
            jdbc.sql("""
                            UPDATE run_summary
                            SET survival = (SELECT %s FROM survival WHERE dimension = 'all')
                            WHERE job_execution_id = :execution
                            """.formatted(BY_DAYS))
                    .param("execution", execution)
                    .withQueryTimeout(LONGEST_SECONDS)
                    .update();
        } catch (DataAccessException e) {
            log.warn("Execution {}: its report lacks the survival of notes: {}", execution, DatabaseErrors.summary(e));
        }
    }
}
