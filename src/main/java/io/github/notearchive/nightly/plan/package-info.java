/**
 * Forecast of a night: due notes by class, calls, bytes, duration and end of the backlog. Makes no call.
 *
 * <p>{@link NightPlanner} reads its inputs from {@code archive.query}, and {@link PlanCalculator} computes a
 * {@link NightPlan} from them. Measurements cover the last seven nights; unknown inputs are listed in the plan.
 *
 * <p>Uses: {@code archive}, {@code batch}, {@code nightly}, {@code provider}.
 */
@NullMarked
package io.github.notearchive.nightly.plan;

import org.jspecify.annotations.NullMarked;
