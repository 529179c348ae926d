/**
 * Audit of the archive: compares every object and sidecar in the store with the tables and repairs what is safe.
 *
 * <p>{@link VerifyRunner} runs or resumes one audit, {@link VerifyJob} assembles its job, {@link ObjectCheck} compares
 * one object. Damage found is written to {@code media_object} and repaired by {@link Repairs}.
 *
 * <p>Uses: {@code archive}, {@code batch}, {@code prove}, {@code provider}, {@code store}.
 */
@NullMarked
package io.github.notearchive.maintenance.verify;

import org.jspecify.annotations.NullMarked;
