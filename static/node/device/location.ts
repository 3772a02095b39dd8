/** location.get with the browser's geolocation. */
import { NodeFailure } from "../host/failure.ts";
import type { Params } from "../host/params.ts";

export interface LocationWish {
  readonly timeoutMs: number;
  readonly maxAgeMs: number;
  readonly accuracy: "coarse" | "balanced" | "precise";
}

/** Metres within which a position counts as precise. */
const PRECISE_METERS = 100;

export const readLocation = (params: Params): LocationWish => ({
  timeoutMs: params.int("timeoutMs", { min: 0, max: 120_000 }) || 10_000,
  maxAgeMs: params.int("maxAgeMs", { min: 0, max: 86_400_000 }) ?? 0,
  accuracy: params.choice("desiredAccuracy", ["coarse", "balanced", "precise"]) ?? "balanced",
});

export async function locate(wish: LocationWish): Promise<unknown> {
  return describe(
    await position({
      enableHighAccuracy: wish.accuracy === "precise",
      timeout: wish.timeoutMs,
      maximumAge: wish.maxAgeMs,
    }),
  );
}

export function position(options: PositionOptions): Promise<GeolocationPosition> {
  return new Promise((resolve, reject) =>
    navigator.geolocation.getCurrentPosition(resolve, (error) => reject(locationFailure(error)), options)
  );
}

/** Values that the device does not know are left out. */
export function describe({ coords, timestamp }: GeolocationPosition): unknown {
  return {
    lat: coords.latitude,
    lon: coords.longitude,
    accuracyMeters: coords.accuracy,
    ...known("altitudeMeters", coords.altitude),
    ...known("speedMps", coords.speed),
    ...known("headingDeg", coords.heading),
    timestamp: new Date(timestamp).toISOString(),
    isPrecise: coords.accuracy <= PRECISE_METERS,
    source: "browser",
  };
}

const known = (name: string, value: number | null): Record<string, number> =>
  value === null || Number.isNaN(value) ? {} : { [name]: value };

function locationFailure({ code, message }: GeolocationPositionError): NodeFailure {
  if (code === 1) return new NodeFailure("LOCATION_PERMISSION_REQUIRED", "the browser does not allow the location");
  if (code === 3) return new NodeFailure("LOCATION_TIMEOUT", "no position was found in time");
  return new NodeFailure("LOCATION_UNAVAILABLE", message || "the device cannot tell where it is");
}
