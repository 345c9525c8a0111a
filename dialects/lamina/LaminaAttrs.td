#ifndef LAMINA_ATTRS
#define LAMINA_ATTRS

include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

class Lamina_Enum<string name, string summary, list<EnumCase> cases> : I32Enum<name, summary, cases> {
  let cppNamespace = "::mlir::lamina";
}

// Stored as a string, so that ops can be built by name from plain attributes; read as the C++ enum.
class Lamina_EnumAttr<EnumInfo info>
    : Attr<And<[CPred<"::llvm::isa<::mlir::StringAttr>($_self)">,
                CPred<info.cppNamespace # "::" # info.stringToSymbolFnName #
                      "(::llvm::cast<::mlir::StringAttr>($_self).getValue()).has_value()">]>,
           "one of " # !interleave(!foreach(case, info.enumerants, case.str), ", ")> {
  let storageType = "::mlir::StringAttr";
  let returnType = info.cppNamespace # "::" # info.className;
  let convertFromStorage = "*" # info.cppNamespace # "::" # info.stringToSymbolFnName # "($_self.getValue())";
  let constBuilderCall = "$_builder.getStringAttr(" # info.cppNamespace # "::" # info.symbolToStringFnName # "($0))";
}

def ComparePredicate : Lamina_Enum<"ComparePredicate", "how two elements are compared", [
  I32EnumCase<"eq", 0>, I32EnumCase<"ne", 1>, I32EnumCase<"lt", 2>, I32EnumCase<"le", 3>, I32EnumCase<"gt", 4>,
  I32EnumCase<"ge", 5>]>;
def ComparePredicateAttr : Lamina_EnumAttr<ComparePredicate>;

def ReduceKind : Lamina_Enum<"ReduceKind", "how elements are combined", [
  I32EnumCase<"sum", 0>, I32EnumCase<"prod", 1>, I32EnumCase<"min", 2>, I32EnumCase<"max", 3>, I32EnumCase<"any", 4>,
  I32EnumCase<"all", 5>, I32EnumCase<"maxnum", 6>]>;
def ReduceKindAttr : Lamina_EnumAttr<ReduceKind>;

def PaddingMode : Lamina_Enum<"PaddingMode", "how a window meets the border", [
  I32EnumCase<"valid", 0>, I32EnumCase<"same", 1>, I32EnumCase<"explicit_", 2, "explicit">]>;

// `Window` (Window.h) reads it.
def PaddingAttr
    : Attr<Or<[And<[CPred<"::llvm::isa<::mlir::StringAttr>($_self)">,
                    CPred<"::llvm::is_contained({::llvm::StringRef(\"valid\"), ::llvm::StringRef(\"same\")}, "
                          "::llvm::cast<::mlir::StringAttr>($_self).getValue())">]>,
               CPred<"::llvm::isa<::mlir::DenseI64ArrayAttr>($_self)">]>,
           "\"valid\", \"same\" or one (low, high) pair for each spatial axis"> {
  let storageType = "::mlir::Attribute";
  let returnType = "::mlir::Attribute";
  let convertFromStorage = "$_self";
  let constBuilderCall = "$0";
}

#endif
