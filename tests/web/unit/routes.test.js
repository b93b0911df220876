import assert from "node:assert/strict";
import { test } from "node:test";
import { consultPath, patientPath, isOurs, routeOf, tokenOf } from "../../../static/lib/routes.js";

const ID = "0b7e9a52-5c8b-4f0e-9f3d-0a3e5f3a7c11";

test("an address names its screen", () => {
  assert.deepEqual(routeOf("/"), { screen: "list" });
  for (const screen of ["enrol", "device", "recover", "account", "people", "reviews", "emergencies", "figures", "roster", "send", "outcome"]) {
    assert.deepEqual(routeOf(`/${screen}`), { screen });
  }
  assert.deepEqual(routeOf(patientPath(ID)), { screen: "patient", id: ID });
  assert.deepEqual(routeOf(consultPath(ID)), { screen: "consult", id: ID });
});

test("an address that is none leads to the list", () => {
  assert.deepEqual(routeOf("/consults/"), { screen: "list" });
  assert.deepEqual(routeOf("/consults/../secrets"), { screen: "list" });
  assert.deepEqual(routeOf(`${consultPath(ID)}/photos`), { screen: "list" });
});

test("a link to a screen of the page is the page's own, any other is the browser's", () => {
  for (const path of ["/", "/account", "/recover", consultPath(ID)]) assert.equal(isOurs(path), true);
  for (const path of ["#main", "/api/photos/1/dicom", "https://example.org/", "tel:911", ""]) {
    assert.equal(isOurs(path), false);
  }
});

test("the token of an invitation is read from the fragment", () => {
  assert.equal(tokenOf("#t=abc_-123"), "abc_-123");
  assert.equal(tokenOf(""), null);
  assert.equal(tokenOf("#other=1"), null);
});
