/**
 * Settings: sources, effective values, unknown names and the command {@code config}.
 *
 * <p>Uses: {@code archive}, {@code batch}, {@code browse}, {@code maintenance}, {@code media}, {@code nightly},
 * {@code provider}, {@code publish}, {@code report}, {@code store}, {@code telemetry}.
 */
@NullMarked
package io.github.notearchive.cli.config;

import org.jspecify.annotations.NullMarked;
